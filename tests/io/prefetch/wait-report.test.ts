import { expect, test } from "vitest";
import { WaitReport } from "../../../src/io/prefetch/wait-report.ts";

test("a slow source is named with how long training waited: soon, and then every ten seconds at most", () => {
  const lines: string[] = [];
  const report = new WaitReport("train_lmdb", (line) => lines.push(line));
  // The start of the threads is nobody's slowness.
  report.add(0, 900);
  for (let ms = 1000; ms <= 24_000; ms += 1000) report.add(ms, ms + 250);
  expect(lines).toEqual([
    "Training waited 0.8 s of the last 2.4 s (32 %) for data from train_lmdb",
    "Training waited 2.5 s of the last 10.0 s (25 %) for data from train_lmdb",
    "Training waited 2.5 s of the last 10.0 s (25 %) for data from train_lmdb",
  ]);
});

test("waits that hardly count are not reported, but every thousandth is Caffe's line", () => {
  const lines: string[] = [];
  const report = new WaitReport("train_lmdb", (line) => lines.push(line));
  for (let ms = 0; ms < 2000 * 20; ms += 20) report.add(ms, ms + 0.5);
  expect(lines).toEqual(["Waiting for data", "Waiting for data"]);
});
