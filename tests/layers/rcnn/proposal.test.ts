import { expect, test } from "vitest";
import { forward, layerNet } from "../../support/nets.ts";

const layer = (param = "scale: 1"): string =>
  `type: "Proposal" bottom: "a" bottom: "b" bottom: "c" top: "y" top: "z" proposal_param { ratio: 1 ${param} }`;
const shapes = (images: number, height: number, width: number): number[][] => [
  [images, 2, height, width],
  [images, 4, height, width],
  [images, 3],
];
const still = (count: number): number[] => new Array<number>(count).fill(0);

test("Proposal gives each image's best regions first, their numbers in front", async () => {
  const net = layerNet(layer(), shapes(2, 1, 2));
  const scores = [9, 9, 0.5, 0.75, 9, 9, 0.25, 0];
  // As in py-faster-rcnn a box ends one pixel behind its anchor, where the image goes on.
  const [rois, own] = await forward(net, scores, still(16), [16, 32, 1, 16, 32, 1]);
  expect(rois).toEqual([
    ...[0, 16, 0, 31, 15, 0, 0, 0, 16, 15],
    ...[1, 0, 0, 16, 15, 1, 16, 0, 31, 15],
  ]);
  expect(own).toEqual([0.75, 0.5, 0.25, 0]);
  expect(net.blob("y").shape).toEqual([4, 5]);
});

test.each([
  ["post_nms_topn: 1", [0, 16, 0, 31, 15]],
  ["pre_nms_topn: 1", [0, 16, 0, 31, 15]],
  ["min_size: 17", []],
  ["base_size: 8 min_size: 8", [0, 16, 0, 24, 8, 0, 0, 0, 8, 8]],
])("Proposal with %s", async (param, rois) => {
  const net = layerNet(layer(`scale: 1 ${param}`), shapes(1, 1, 2));
  expect((await forward(net, [9, 9, 0.5, 0.75], still(8), [16, 32, 1]))[0]).toEqual(rois);
});

test("Proposal without ratio and scale has nine anchors, and feat_stride 16", async () => {
  const text = layer("").replace("ratio: 1", "");
  const net = layerNet(text, [[1, 18, 1, 1], [1, 36, 1, 1], [1, 3]]); // biome-ignore format: short
  const [, scores] = await forward(net, still(18), still(36), [600, 800, 1]);
  expect(scores!.length).toBeGreaterThan(1);
});

test("Proposal makes no boxes of what is no number, and refuses what does not fit", async () => {
  const net = layerNet(layer(), shapes(1, 1, 2));
  const broken = new Array<number>(8).fill(Number.NaN);
  expect(await forward(net, [9, 9, 0.5, 0.75], broken, [16, 32, 1])).toEqual([[], []]);
  expect(() => layerNet(layer(), [[1, 4, 1, 2], [1, 4, 1, 2], [1, 3]])).toThrow("1 anchors"); // biome-ignore format: short
  expect(() => layerNet(layer(), [[2, 2, 1, 2], [2, 4, 1, 2], [1, 3]])).toThrow("im_info"); // biome-ignore format: short
  expect(() => layerNet(layer("scale: 0"), shapes(1, 1, 2))).toThrow("scale or ratio of 0");
  expect(() => layerNet(layer("feat_stride: 0"), shapes(1, 1, 2))).toThrow("feat_stride is 0");
});
