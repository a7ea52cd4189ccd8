import { expect, test } from "vitest";
import { forward, layerNet } from "../../support/nets.ts";

const layer = (param: string): string =>
  `type: "BoxOutput" bottom: "a" top: "y" top: "z" box_output_param { field_w: 16 field_h: 16 downsample_rate: 16 ${param} }`;
/** A map of 1×3 cells: background, two classes, and an offset of nothing. */
const map = (...scores: readonly (readonly [number, number, number])[]): number[] => [
  ...[0, 1, 2].flatMap((kind) => scores.map((own) => own[kind]!)),
  ...new Array<number>(12).fill(0),
];
const shape = [[1, 7, 1, 3]];

test("BoxOutput proposes the fields whose best class is above the background", async () => {
  const net = layerNet(layer("fg_thr: 0"), shape);
  const [y, z] = await forward(net, map([0, 1, 3], [1, 0, 0], [0, 2, 1]));
  expect(y).toEqual([0, 0, 0, 16, 16, 0, 32, 0, 48, 16]);
  expect(z).toEqual([0, 0, 0, 16, 16, 3, 0, 32, 0, 48, 16, 2]);
});

test("BoxOutput keeps one of boxes that overlap, of equal ones the later, and as many as are asked for", async () => {
  const values = map([0, 1, 0], [0, 1, 0], [0, 1, 0]);
  // Middles at 16, 24 and 32: each box shares a third with the next.
  values.splice(9, 3, 0.5, 0, -0.5);
  const near = layerNet(layer("iou_thr: 0.3"), shape);
  expect((await forward(near, values))[0]).toEqual([0, 24, 0, 40, 16, 0, 8, 0, 24, 16]);
  const far = layerNet(layer("iou_thr: 0.9 max_nms_num: 2"), shape);
  expect((await forward(far, values))[0]).toEqual([0, 24, 0, 40, 16, 0, 16, 0, 32, 16]);
  const first = layerNet(layer("iou_thr: 0.9 max_post_nms_num: 1"), shape);
  expect((await forward(first, values))[0]).toEqual([0, 24, 0, 40, 16]);
});

test("BoxOutput gives a region that stands for none, where scores are NaN too", async () => {
  const net = layerNet(layer("fg_thr: 5"), shape);
  const none = [[0, 1, 1, 10, 10], [0, 0, 0, 0, 0, 0]]; // biome-ignore format: short
  expect(await forward(net, map([0, 1, 1], [0, 1, 1], [0, 1, 1]))).toEqual(none);
  expect(await forward(net, new Array<number>(21).fill(Number.NaN))).toEqual(none);
  expect(() => layerNet(layer(""), [[1, 5, 1, 3]])).toThrow("two classes at least");
  expect(() => layerNet(layer("field_w: 8"), shape)).toThrow("field_w is [16, 8]");
});
