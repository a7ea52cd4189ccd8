import { expect, test } from "vitest";
import { forward, layerNet } from "../../support/nets.ts";

test("BoxAnnotatorOHEM keeps the regions of greatest loss, image by image", async () => {
  const net = layerNet(
    `type: "BoxAnnotatorOHEM" bottom: "a" bottom: "b" bottom: "c" bottom: "d" top: "y" top: "z" box_annotator_ohem_param { roi_per_img: 1 ignore_label: -2 }`,
    [[3, 5], [3], [3], [3, 2]],
  );
  const rois = [0, 1].flatMap(() => [0, 0, 0, 0, 0]).concat([1, 0, 0, 0, 0]);
  expect(await forward(net, rois, [1, 2, 0], [5, 6, 7], [1, 1, 2, 2, 3, 3])).toEqual([
    [-2, 6, 7],
    [0, 0, 2, 2, 3, 3],
  ]);
  await expect(
    forward(net, [-1, ...rois.slice(1)], [1, 2, 0], [5, 6, 7], [1, 1, 2, 2, 3, 3]),
  ).rejects.toThrow("roi 0 lies in image -1");
});

test("BoxAnnotatorOHEM refuses what does not fit", () => {
  const text = (each: number): string =>
    `type: "BoxAnnotatorOHEM" bottom: "a" bottom: "b" bottom: "c" bottom: "d" top: "y" top: "z" box_annotator_ohem_param { roi_per_img: ${each} }`;
  expect(() => layerNet(text(0), [[3, 5], [3], [3], [3, 2]])).toThrow("roi_per_img is 0");
  expect(() => layerNet(text(1), [[3, 4], [3], [3], [3, 2]])).toThrow("rois have shape (3,4)");
  expect(() => layerNet(text(1), [[3, 5], [2], [3], [3, 2]])).toThrow("losses have shape (2)");
});
