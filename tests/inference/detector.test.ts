import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type FloatImage, saveImage } from "../../src/float-images/float-image.ts";
import { Detector } from "../../src/inference/detector.ts";
import { overlap, readWindows, suppress } from "../../src/inference/windows.ts";
import { parsePrototxt } from "../../src/io/text/prototxt.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();

const NET = parsePrototxt(
  "NetParameter",
  `layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 1 dim: 4 dim: 4 } } }
   layer { name: "pool" type: "Pooling" bottom: "data" top: "pool" pooling_param { pool: AVE global_pooling: true } }`,
);

/** 8×8, bright on the right half. */
const image: FloatImage = {
  shape: [8, 8, 1],
  data: Float32Array.from({ length: 64 }, (_, i) => (i % 8 < 4 ? 0 : 1)),
};
const left = { top: 0, left: 0, bottom: 4, right: 4 };
const right = { top: 2, left: 4, bottom: 6, right: 8 };
const middle = { top: 2, left: 2, bottom: 6, right: 6 };

test("each window is scored, in order, over several batches", async () => {
  using detector = new Detector(NET);
  const detections = await detector.detectWindows([{ image, windows: [left, right, middle] }]);
  expect(detections.map(({ window }) => window)).toEqual([left, right, middle]);
  expect(detections.flatMap(({ scores }) => [...scores])).toBeAllClose([0, 1, 0.5]);
  expect([...(detections[1]?.outputs["pool"] ?? [])]).toEqual([1]);
  expect(await detector.detectWindows([])).toEqual([]);
});

test("context is taken from around a window, and from the mean where the image ends", () => {
  using detector = new Detector(NET, { contextPad: 1, mean: [0.25] });
  // The scale is 4 / (4 - 2): the middle window of 4×4 grows to the whole image.
  const whole = detector.cut(image, middle);
  expect([...whole.data.slice(0, 4)]).toEqual([0, 0, 1, 1]);
  const corner = detector.cut(image, left);
  expect(corner.shape).toEqual([4, 4, 1]);
  expect([...corner.data].map((value) => Math.round(value * 100))).toEqual([
    25, 25, 25, 25, 25, 0, 0, 100, 25, 0, 0, 100, 25, 0, 0, 100,
  ]);
});

test("windows come from a list, images from its folder", async () => {
  await saveImage(join(folder, "half.png"), image);
  const path = join(folder, "windows.csv");
  writeFileSync(path, "filename,ymin,xmin,ymax,xmax\nhalf.png,0,0,4,4\nhalf.png,2,4,6,8\n\n");
  const windows = readWindows(path);
  expect(windows).toEqual([{ image: join(folder, "half.png"), windows: [left, right] }]);
  using detector = new Detector(NET);
  const detections = await detector.detectWindows(windows);
  expect(detections.map(({ file, scores }) => [file, Math.round(scores[0] ?? 9)])).toEqual([
    [join(folder, "half.png"), 0],
    [join(folder, "half.png"), 1],
  ]);
  writeFileSync(path, "file,ymin\n");
  expect(() => readWindows(path)).toThrow(":1: columns file, ymin. Expected filename, ymin");
  writeFileSync(path, "filename,ymin,xmin,ymax,xmax\nhalf.png,0,x,4,4\n");
  expect(() => readWindows(path)).toThrow(':2: "half.png,0,x,4,4". Expected');
});

test("boxes overlap, and the best of overlapping ones is kept", () => {
  expect(overlap(left, left)).toBe(1);
  expect(overlap(left, right)).toBe(0);
  expect(overlap(left, middle)).toBeCloseTo(4 / 28);
  const boxes = [
    { window: left, score: 1 },
    { window: { ...left, right: 5 }, score: 2 },
    { window: right, score: 0.5 },
  ];
  const kept = suppress(
    boxes,
    ({ score }) => score,
    ({ window }) => window,
  );
  expect(kept.map(({ score }) => score)).toEqual([2, 0.5]);
});

test("what does not fit is refused", () => {
  expect(() => new Detector(NET, { contextPad: 2 })).toThrow("Expected a square input");
  expect(() => new Detector(NET, { scores: "prob" })).toThrow('has no blob "prob"');
  using detector = new Detector(NET);
  expect(() => detector.cut(image, { ...left, right: 9 })).toThrow("Expected a box within it");
});
