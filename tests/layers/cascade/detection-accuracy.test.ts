import { expect, test } from "vitest";
import { forward, layerNet } from "../../support/nets.ts";

const layer = (param = "", more = ""): string =>
  `type: "DetectionAccuracy" bottom: "a" bottom: "b" top: "y" top: "z" detection_accuracy_param { cls_num: 3 field_w: 8 field_h: 8 downsample_rate: 8 ${param} } ${more}`;
const shapes = [[1, 7, 1, 4], [1, 6, 1, 4]]; // biome-ignore format: short
/** Objects of classes 2 and 1, background, and background that overlaps too much to count. */
const labels = [
  ...[2, 1, 0, 0],
  ...[4, 16, 0, 0],
  ...[4, 4, 0, 0],
  ...[8, 8, 0, 0],
  ...[8, 8, 0, 0],
  ...[0.75, 0.75, 0.1, 0.6],
];
const map = (scores: readonly number[]): number[] => [...scores, ...new Array<number>(16).fill(0)];

test("DetectionAccuracy counts right cells, right objects, and how boxes lie", async () => {
  const scores = [0, 5, 5, 0, 0, 1, 0, 5, 5, 0, 0, 0];
  const [y, z] = await forward(layerNet(layer(), shapes), map(scores), labels);
  expect(y).toEqual([Math.fround(2 / 3), 0.5]);
  // The first box lies on its object, the second shares half of each with its own.
  expect(z).toEqual([expect.closeTo((1 + 1 / 3) / 2, 6)]);
  const two = await forward(layerNet(layer("top_k: 2"), shapes), map(scores), labels);
  expect(two[0]).toEqual([1, 1]);
});

test("DetectionAccuracy takes the higher of equal classes, gives -1 where nothing counts, and no score is not right", async () => {
  const same = map(new Array<number>(12).fill(1));
  const net = layerNet(layer(), shapes);
  expect((await forward(net, same, labels))[0]).toEqual([Math.fround(1 / 3), 0.5]);
  const none = new Array<number>(24).fill(0).fill(0.9, 20);
  expect(await forward(net, same, none)).toEqual([[-1, -1], [-1]]);
  const broken = new Array<number>(28).fill(Number.NaN);
  expect((await forward(net, broken, labels))[0]).toEqual([0, 0]);
  expect((await forward(net, same, [9, ...labels.slice(1)]))[0]).toEqual([0, 0]);
});

test("DetectionAccuracy refuses what does not fit", () => {
  expect(() => layerNet(layer("top_k: 4"), shapes)).toThrow("top_k is 4. Expected 1 to 3");
  expect(() => layerNet(layer(), [[1, 7, 1, 4], [1, 5, 1, 4]])).toThrow("labels have shape"); // biome-ignore format: short
});
