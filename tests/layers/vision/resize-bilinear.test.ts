import { expect, test } from "vitest";
import { forward, layerNet } from "../../support/nets.ts";

const layer = (param: string): string =>
  `type: "ResizeBilinear" bottom: "a" top: "y" resize_bilinear_param { data_format: "NCHW" ${param} }`;

test.each([
  ["output_width: 6", [0, 1, 2, 3, 4, 4]],
  ["align_corners: true output_width: 5", [0, 1, 2, 3, 4]],
  ["half_pixel_centers: true output_width: 6", [0, 0.5, 1.5, 2.5, 3.5, 4]],
  ["pytorch_half_pixel: true output_width: 6", [0, 0.5, 1.5, 2.5, 3.5, 4]],
  ["pytorch_half_pixel: true output_width: 1", [0]],
  ["half_pixel_centers: true output_width: 1", [2]],
])("ResizeBilinear reads between places: %s", async (param, want) => {
  const net = layerNet(layer(`output_height: 1 ${param}`), [[1, 1, 1, 3]]);
  expect((await forward(net, [0, 2, 4]))[0]).toBeAllClose(want);
});

test("ResizeBilinear in both directions", async () => {
  const net = layerNet(layer("align_corners: true output_height: 3 output_width: 3"), [
    [1, 1, 2, 2],
  ]);
  expect((await forward(net, [0, 4, 8, 12]))[0]).toBeAllClose([0, 2, 4, 4, 6, 8, 8, 10, 12]);
});

test("ResizeBilinear refuses two ways to count", () => {
  expect(() =>
    layerNet(layer("align_corners: true pytorch_half_pixel: true"), [[1, 1, 2, 2]]),
  ).toThrow("Expected one at most.");
});
