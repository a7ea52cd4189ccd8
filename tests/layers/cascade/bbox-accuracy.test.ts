import { expect, test } from "vitest";
import { forward, layerNet } from "../../support/nets.ts";

const layer = (more = ""): string =>
  `type: "BboxAccuracy" bottom: "a" bottom: "b" bottom: "c" top: "y" top: "z" ${more}`;
const shapes = [[2, 8], [2, 5], [2, 6]]; // biome-ignore format: short
const rois = [0, 0, 0, 9, 9, 0, 0, 0, 9, 9];
const still = new Array<number>(16).fill(0);

test("BboxAccuracy compares boxes with their objects, before and after", async () => {
  const net = layerNet(layer(), shapes);
  const offsets = [...still];
  // The object's middle lies half a region's height lower.
  offsets[5] = 0.5;
  const objects = [1, 0, 5, 9, 14, 0.4, 0, 0, 0, 0, 0, 0];
  const [after, before] = await forward(net, offsets, rois, objects);
  expect(after).toEqual([1]);
  expect(before).toEqual([expect.closeTo(1 / 3, 6)]);
});

test("BboxAccuracy gives -1 where nothing counts: background, and objects that are regions themselves", async () => {
  const net = layerNet(layer(), shapes);
  const objects = [0, 0, 0, 9, 9, 0.5, 1, 0, 0, 9, 9, 0.98];
  expect(await forward(net, still, rois, objects)).toEqual([[-1], [-1]]);
});

test("BboxAccuracy takes a box that is no number for none, and refuses a class without offsets", async () => {
  const net = layerNet(layer(), shapes);
  const objects = [1, 0, 0, 9, 9, 0.9, 0, 0, 0, 0, 0, 0];
  expect(await forward(net, still.fill(Number.NaN), rois, objects)).toEqual([[0], [1]]);
  await expect(forward(net, still, rois, [2, ...objects.slice(1)])).rejects.toThrow(
    "object 0 has label 2. Expected 1 to 1",
  );
  const shared = layerNet(layer("bbox_reg_param { cls_aware: false }"), shapes);
  expect(await forward(shared, still.fill(0), rois, [2, ...objects.slice(1)])).toEqual([[1], [1]]);
  expect(() => layerNet(layer(), [[2, 8], [2, 4], [2, 6]])).toThrow("regions have shape (2,4)"); // biome-ignore format: short
});
