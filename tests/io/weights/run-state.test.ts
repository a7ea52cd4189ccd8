import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  encodeRunState,
  type RunState,
  readRunState,
  runStatePath,
} from "../../../src/io/weights/run-state.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();
const path = join(folder, "s.runstate");

const state: RunState = {
  version: 1,
  iter: 5,
  train: { data: { position: 35, seed: 3 }, drop: { random: [1, 2, 3, 4] } },
  test: [{}],
  solver: {
    smoothedLoss: { losses: [0.5, 0.1 + 0.2], next: 0, value: 0.4 },
    lastStep: 2,
    best: { value: 0.9, iter: 4 },
    snapshots: [3, 5],
  },
  files: { model: "00", state: "11" },
};

const readText = (text: string): RunState => {
  writeFileSync(path, text);
  return readRunState(path);
};

test("lies beside its .solverstate, one for each format", () => {
  expect(runStatePath("a/s_iter_5.solverstate")).toBe("a/s_iter_5.runstate");
  expect(runStatePath("a/s_iter_5.solverstate.h5")).toBe("a/s_iter_5.h5.runstate");
});

describe("a .runstate", () => {
  test("what is written is read, to the bit", () => {
    writeFileSync(path, encodeRunState(state));
    expect(readRunState(path)).toEqual(state);
  });

  test("numbers that JSON has no word for survive", () => {
    const { solver } = state;
    const losses = [Number.NaN, Number.POSITIVE_INFINITY];
    writeFileSync(
      path,
      encodeRunState({
        ...state,
        ...(solver && {
          solver: { ...solver, smoothedLoss: { losses, next: 0, value: Number.NaN } },
        }),
      }),
    );
    expect(readRunState(path).solver?.smoothedLoss.losses.map(Number)).toEqual(losses);
  });

  test("every single changed character is noticed", () => {
    const text = new TextDecoder().decode(encodeRunState(state));
    for (let i = 0; i < text.length - 1; i++) {
      const changed = text[i] === "7" ? "8" : "7";
      const broken = text.slice(0, i) + changed + text.slice(i + 1);
      expect(() => readText(broken), broken).toThrow(/Remove it to resume without it/);
    }
  });

  test.each([
    ["", "it is no JSON"],
    ["[]", "it is no run state of version 1"],
    ['{"version":2,"iter":1,"train":{},"test":[]}', "it is no run state of version 1"],
    ['{"version":1,"iter":"5","train":{},"test":[]}', "it is no run state of version 1"],
    ['{"version":1,"iter":5,"train":[],"test":[]}', "it is no run state of version 1"],
    ['{"version":1,"iter":5,"train":{},"test":[1]}', "it is no run state of version 1"],
  ])("%s is refused", (text, message) => {
    expect(() => readText(text)).toThrow(message);
  });

  test("one written by hand needs no digest", () => {
    expect(readText('{"version":1,"iter":5,"train":{},"test":[]}').iter).toBe(5);
  });
});
