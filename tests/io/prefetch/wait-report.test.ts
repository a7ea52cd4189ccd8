import { expect, test } from "vitest";
import { WaitReport } from "../../../src/io/prefetch/wait-report.ts";

test("a slow source is named with how long training waited, at most every ten seconds", () => {
  const lines: string[] = [];
  const report = new WaitReport("train_lmdb", (line) => lines.push(line), 0);
  for (let ms = 0; ms <= 21_000; ms += 1000) report.add(ms, ms + 250);
  expect(lines).toEqual([
    "Training waited 2.8 s of the last 10.3 s (27 %) for data from train_lmdb",
    "Training waited 2.5 s of the last 10.0 s (25 %) for data from train_lmdb",
  ]);
});

test("waits that hardly count are not reported, but every thousandth is Caffe's line", () => {
  const lines: string[] = [];
  const report = new WaitReport("train_lmdb", (line) => lines.push(line), 0);
  for (let ms = 0; ms < 2000 * 20; ms += 20) report.add(ms, ms + 0.5);
  expect(lines).toEqual(["Waiting for data", "Waiting for data"]);
});
