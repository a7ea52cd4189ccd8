import { describe, expect, test } from "vitest";
import { forward, layerNet } from "../../support/nets.ts";

const map = [
  [1, 1, 3, 4],
  [1, 5],
];
const count = Array.from({ length: 12 }, (_, i) => i);

describe.each([
  'type: "ROIPooling" roi_pooling_param { pooled_h: 1 pooled_w: 2 }',
  'type: "ROIAlign" roi_pooling_param { pooled_h: 1 pooled_w: 1 }',
  'type: "PSROIPooling" psroi_pooling_param { output_dim: 1 group_size: 1 spatial_scale: 1 }',
])("a layer of regions, %s,", (text) => {
  const layer = `${text} bottom: "a" bottom: "b" top: "y"`;

  test.each([
    [
      "an image that the batch does not have",
      [1, 0, 0, 1, 1],
      "roi 0 lies in image 1. Expected 0 to 0.",
    ],
    ["no image", [-1, 0, 0, 1, 1], "roi 0 lies in image -1"],
    ["an edge that is no number", [0, Number.NaN, 0, 1, 1], "Expected finite numbers"],
  ])("refuses one of %s", async (_title, roi, message) => {
    await expect(forward(layerNet(layer, map), count, roi)).rejects.toThrow(message);
  });

  test("refuses maps and regions of other axes", () => {
    const [features = [], rois = []] = map;
    expect(() => layerNet(layer, [[1, 12], rois])).toThrow("Expected four axes: N×C×H×W");
    expect(() => layerNet(layer, [features, [1, 4]])).toThrow(
      "rois have shape (1,4). Expected R×5",
    );
  });
});
