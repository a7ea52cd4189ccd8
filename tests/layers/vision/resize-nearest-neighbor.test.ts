import { expect, test } from "vitest";
import { forward, layerNet } from "../../support/nets.ts";

const layer = (param: string): string =>
  `type: "ResizeNearestNeighbor" bottom: "a" top: "y" resize_nearest_neighbor_param { ${param} }`;
const size = 'data_format: "NCHW" output_height: 1 output_width:';

test.each([
  [`${size} 6`, [1, 1, 2, 2, 3, 3]],
  [`${size} 2`, [1, 2]],
  [`${size} 4`, [1, 1, 2, 3]],
  [`align_corners: true ${size} 5`, [1, 2, 2, 3, 3]],
  [`half_pixel_centers: true ${size} 4`, [1, 2, 2, 3]],
  [`half_pixel_centers: true ${size} 2`, [1, 3]],
  [`half_pixel_onnx: true ${size} 6`, [1, 1, 1, 2, 2, 3]],
])("ResizeNearestNeighbor takes the nearest: %s", async (param, want) => {
  const net = layerNet(layer(param), [[1, 1, 1, 3]]);
  expect(await forward(net, [1, 2, 3])).toEqual([want]);
});

test("ResizeNearestNeighbor by scales, channels last", async () => {
  const net = layerNet(layer("scale_height: 1 scale_width: 2"), [[1, 1, 2, 2]]);
  expect(await forward(net, [1, 10, 2, 20])).toEqual([[1, 10, 1, 10, 2, 20, 2, 20]]);
  expect(net.blob("y").shape).toEqual([1, 1, 4, 2]);
});

test.each([
  ["align_corners: true half_pixel_centers: true", [1, 1, 2, 2], "Expected one at most."],
  ['data_format: "CHWN"', [1, 1, 2, 2], "data_format is CHWN"],
  ["", [1, 2, 2], "Expected four axes"],
  ["output_height: 0", [1, 1, 2, 2], "1 × 2 become 0 × 2. Expected 1 or more"],
])("ResizeNearestNeighbor refuses %s of %j", (param, shape, message) => {
  expect(() => layerNet(layer(param), [shape])).toThrow(message);
});
