import { expect, test } from "vitest";
import { forward, layerNet } from "../../support/nets.ts";

const layer = (param: string, group = "field_w: 16 field_w: 8 field_h: 16 field_h: 32"): string =>
  `type: "BoxGroupOutput" bottom: "a" bottom: "b" top: "y" top: "z" box_group_output_param { box_group_param { ${group} stride: 16 } ${param} }`;
/** One image of 1×2 cells with two anchors. */
const shapes = [[2, 2, 1, 2], [2, 4, 1, 2]]; // biome-ignore format: short
const still = new Array<number>(16).fill(0);

test("BoxGroupOutput proposes anchors by the probability that they are no background, cut to the image", async () => {
  const net = layerNet(layer("fg_thr: 0.5 min_size: 8"), shapes);
  const [y, z] = await forward(net, [0.25, 0.75, 0, 0, 0.5, 0.125, 0, 0], still);
  // The second anchor is 8 wide and 32 high, in a map of 32×16 pixels.
  expect(y).toEqual([0, 20, 0, 27, 16, 0, 0, 0, 15, 15, 0, 4, 0, 11, 16]);
  expect([5, 11, 17].map((i) => z![i])).toEqual([0.875, 0.75, 0.5]);
});

test("BoxGroupOutput suppresses by the smaller box with IOMU", async () => {
  const net = layerNet(layer('iou_thr: 0.6 nms_type: "IOMU" min_size: 8'), shapes);
  const [y] = await forward(net, [0.1, 1, 0, 0, 0.2, 1, 0, 0], still);
  // The narrow anchors lie within the wide ones.
  expect(y).toEqual([0, 0, 0, 15, 15, 0, 16, 0, 31, 15]);
});

test("BoxGroupOutput takes NaN for the lowest bound, and refuses what does not fit", async () => {
  const net = layerNet(layer("fg_thr: 0.5 min_size: 1"), shapes);
  const [y] = await forward(net, still.slice(8), new Array<number>(16).fill(Number.NaN));
  expect(y!.every(Number.isFinite)).toBe(true);
  const none = await forward(net, new Array<number>(8).fill(Number.NaN), still);
  expect(none[0]).toEqual([0, 1, 1, 10, 10]);
  expect(() => layerNet(layer("", "field_w: 8"), shapes)).toThrow("1 field_w, 0 field_h");
  expect(() => layerNet(layer(""), [[2, 2, 1, 2], [2, 4, 1, 3]])).toThrow("offsets of group 0"); // biome-ignore format: short
  expect(() => layerNet(layer("box_group_param { }"), shapes)).toThrow("2 bottoms for 2");
});
