import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseEvents, readWholeCurve } from "../../src/run-record/read-events.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const train = (iter: number): string => `{"type":"train","time":1,"iter":${iter},"loss":1}\n`;
const snapshot = (iter: number): string => `{"type":"snapshot","time":1,"iter":${iter}}\n`;
const start = (iter: number, folder: string, run?: string): string =>
  `${JSON.stringify({ type: "start", time: 1, iter, folder, ...(run && { continues: { snapshot: "s", run } }) })}\n`;

function record(folder: string, text: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "events.jsonl"), text);
}

const iters = (folder: string): string[] =>
  readWholeCurve(folder).map(({ type, iter }) => `${type} ${iter}`);

test("a line that was cut, and what is no event, is read past", () => {
  const text = `${train(1)}${train(2).slice(0, 30)}\n\n[]\nnull\n{"type":"train"}\n${train(3)}${train(4).slice(0, -3)}`;
  expect(parseEvents(text).map(({ iter }) => iter)).toEqual([1, 3]);
  expect(parseEvents("")).toEqual([]);
});

test("numbers that JSON does not have come back", () => {
  const [event] = parseEvents('{"type":"train","time":1,"iter":0,"loss":"-Infinity"}\n');
  expect(event?.type === "train" && Number(event.loss)).toBe(Number.NEGATIVE_INFINITY);
});

test("a curve goes on from the snapshots of the records before", () => {
  const folder = temporaryFolder();
  const at = (name: string): string => join(folder, name);
  record(at("a"), start(0, folder) + [1, 2, 3].map(train).join("") + snapshot(3) + train(4));
  record(at("b"), start(3, folder, "a") + train(3) + snapshot(4) + train(4) + train(5));
  record(at("c"), start(4, folder, "b") + train(4));
  expect(iters(at("c"))).toEqual([
    ...["start 0", "train 1", "train 2", "snapshot 3"],
    ...["start 3", "train 3", "snapshot 4"],
    ...["start 4", "train 4"],
  ]);
});

test("a record that went before and is gone, or a ring of them, ends the curve", () => {
  const folder = temporaryFolder();
  record(join(folder, "a"), start(5, folder, "gone") + train(5));
  expect(iters(join(folder, "a"))).toEqual(["start 5", "train 5"]);
  record(join(folder, "b"), start(5, folder, "b") + train(5));
  expect(iters(join(folder, "b"))).toEqual(["start 5", "train 5"]);
  expect(() => readWholeCurve(join(folder, "c"))).toThrow(/record's events .* cannot be read/);
});
