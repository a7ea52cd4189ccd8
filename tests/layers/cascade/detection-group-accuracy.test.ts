import { expect, test } from "vitest";
import { forward, layerNet } from "../../support/nets.ts";

const layer = (param = "", more = ""): string =>
  `type: "DetectionGroupAccuracy" bottom: "a" bottom: "b" bottom: "c" top: "y" top: "z" detection_group_accuracy_param { cls_num: 2 field_w: 8 field_h: 8 field_w: 16 field_h: 16 stride: 8 objectness: true ${param} } ${more}`;
const shapes = [[2, 2, 1, 2], [2, 4, 1, 2], [2, 6, 1, 2]]; // biome-ignore format: short
/** The first anchor sees an object of class 5 in its first cell, the second one in its second. */
const labels = [
  ...[5, 0, 4, 0, 4, 0, 8, 0, 8, 0, 0.75, 0],
  ...[0, 3, 0, 12, 0, 4, 0, 16, 0, 8, 0.6, 0.75],
];
const still = new Array<number>(16).fill(0);

test("DetectionGroupAccuracy counts right anchors, objects as one class, and how boxes lie", async () => {
  const net = layerNet(layer(), shapes);
  const [y, z] = await forward(net, [0, 1, 1, 0, 0, 1, 1, 0], still, labels);
  // The third cell overlaps too much to count.
  expect(y).toEqual([Math.fround(2 / 3), 0.5]);
  expect(z).toEqual([0.75]);
});

test("DetectionGroupAccuracy takes the first of equal classes, and ignores a label", async () => {
  const net = layerNet(layer("", "loss_param { ignore_label: 1 }"), shapes);
  expect((await forward(net, new Array<number>(8).fill(1), still, labels))[0]).toEqual([1, -1]);
  expect((await forward(net, new Array<number>(8).fill(Number.NaN), still, labels))[0]).toEqual([
    0, -1,
  ]);
  expect(() => layerNet(layer("").replace("cls_num: 2", "cls_num: 3"), shapes)).toThrow(
    "cls_num is 3",
  );
});
