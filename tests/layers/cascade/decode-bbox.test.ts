import { expect, test } from "vitest";
import { forward, layerNet } from "../../support/nets.ts";

const layer = (more = ""): string =>
  `type: "DecodeBBox" bottom: "a" bottom: "b" top: "y" bbox_reg_param { bbox_mean: 0 bbox_mean: 0 bbox_mean: 0 bbox_mean: 0 bbox_std: 0.5 bbox_std: 0.5 bbox_std: 1 bbox_std: 1 } ${more}`;
const background = [9, 9, 9, 9];

test("DecodeBBox moves a region by shares of its size, and stretches it around its middle", async () => {
  const net = layerNet(layer(), [
    [2, 8],
    [2, 5],
  ]);
  // 10 pixels wide: half of 0.4 of them to the right; twice as high.
  const offsets = [...background, 0.4, 0, 0, Math.log(2), ...background, 0, 0, 0, 0];
  const [y = []] = await forward(net, offsets, [0, 0, 0, 9, 9, 1, 4, 4, 5, 5]);
  expect(y.slice(0, 5)).toEqual([0, 2, -5, 11, expect.closeTo(14, 5)]);
  expect(y.slice(5)).toEqual([1, 4, 4, 5, 5]);
});

test("DecodeBBox leaves out what is an object or turned round, in TRAIN", async () => {
  const text = layer('bottom: "c"');
  const net = layerNet(text, [
    [2, 8],
    [2, 5],
    [2, 6],
  ]);
  const still = [...background, 0, 0, 0, 0];
  const rois = [0, 0, 0, 9, 9, 0, 1, 1, 4, 4];
  const [y] = await forward(
    net,
    [...still, ...still],
    rois,
    [1, 0, 0, 9, 9, 1, 1, 0, 0, 9, 9, 0.5],
  );
  expect(y).toEqual([0, 1, 1, 4, 4]);
  const objects = [1, 0, 0, 9, 9, 1, 1, 0, 0, 9, 9, 0.95];
  await expect(forward(net, [...still, ...still], rois, objects)).rejects.toThrow(
    "none of 2 regions stays",
  );
  // A region whose end lies before its start has a size below 1, which stays so.
  const turned = [0, 5, 5, 2, 2, 0, 1, 1, 4, 4];
  expect(await forward(net, [...still, ...still], turned, new Array<number>(12).fill(0))).toEqual([
    [0, 1, 1, 4, 4],
  ]);
});

test("DecodeBBox refuses what does not fit", () => {
  expect(() => layerNet(layer(), [[2, 4], [2, 5]])).toThrow("offsets have shape (2,4)"); // biome-ignore format: short
  expect(() => layerNet(layer(), [[2, 8], [3, 5]])).toThrow("offsets have shape (2,8)"); // biome-ignore format: short
  expect(() =>
    layerNet(layer().replace("bbox_std: 0.5 ", ""), [
      [2, 8],
      [2, 5],
    ]),
  ).toThrow("4 bbox_mean and 3 bbox_std");
  expect(() =>
    layerNet(
      layer('bottom: "c"'),
      [
        [2, 8],
        [2, 5],
        [2, 6],
      ],
      { phase: "TEST" },
    ),
  ).toThrow("3 bottoms in TEST");
});
