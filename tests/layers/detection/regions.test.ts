import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { forward, layerNet, noise } from "../../support/nets.ts";

const map = [
  [1, 1, 3, 4],
  [1, 5],
];
const count = Array.from({ length: 12 }, (_, i) => i);
const layer = (type: string, param: string): string =>
  `type: "${type}" bottom: "a" bottom: "b" top: "y" ${param}`;
const pooling = (param = "pooled_h: 1 pooled_w: 2"): string =>
  layer("ROIPooling", `roi_pooling_param { ${param} }`);

describeEngines("regions of interest", (engines) => {
  test.each([
    ["maxima of bins", pooling(), [0, 0, 0, 3, 2], [9, 11]],
    ["bins overlap where they do not divide", pooling(), [0, 0, 0, 2, 0], [1, 2]],
    [
      "halves are rounded away from zero",
      pooling("pooled_h: 1 pooled_w: 1 spatial_scale: 0.5"),
      [0, 0, 0, 3, 0],
      [2],
    ],
    ["outside the map is nothing", pooling(), [0, -2, 0, 1, 0], [0, 1]],
    [
      "a region turned round pools one pixel",
      pooling("pooled_h: 1 pooled_w: 1"),
      [0, 2, 1, 0, 0],
      [6],
    ],
    [
      "means, each bin of channels of its own",
      layer("PSROIPooling", "psroi_pooling_param { output_dim: 1 group_size: 1 spatial_scale: 1 }"),
      [0, 1, 0, 2, 1],
      [3.5],
    ],
    [
      "values at the corners of bins",
      layer("ROIAlign", "roi_pooling_param { pooled_h: 1 pooled_w: 1 }"),
      [0, 1, 1, 3, 2],
      [2.5, 4.5, 6.5, 8.5],
    ],
    [
      "a corner outside the map is 0",
      layer("ROIAlign", "roi_pooling_param { pooled_h: 1 pooled_w: 1 }"),
      [0, 1, 1, 9, 2],
      [2.5, 0, 6.5, 0],
    ],
    [
      "a region without a size is 0",
      layer("ROIAlign", "roi_pooling_param { pooled_h: 1 pooled_w: 1 }"),
      [0, 2, 2, 2, 2],
      [0, 0, 0, 0],
    ],
  ])("%s", async (_title, text, roi, want) => {
    const [got] = await forward(layerNet(text, map, { engines }), count, roi);
    expect(got).toBeAllClose(want);
  });

  test("each bin has channels of its own", async () => {
    const net = layerNet(
      layer(
        "PSROIPooling",
        "psroi_pooling_param { output_dim: 1 group_size: 2 spatial_scale: 0.5 }",
      ),
      [
        [1, 4, 2, 2],
        [1, 5],
      ],
      { engines },
    );
    const [got] = await forward(
      net,
      noise(16).map((_, i) => i),
      [0, 0, 0, 3, 3],
    );
    expect(got).toBeAllClose([0, 5, 10, 15]);
  });
});

test("a region whose end lies before its start passes no gradient on, as in Fast R-CNN", async () => {
  const net = layerNet(pooling("pooled_h: 1 pooled_w: 1"), map);
  await forward(net, count, [0, 2, 1, 0, 0]);
  net.blob("y").diffMem.overwriteCpu().fill(1);
  await net.backward();
  expect([...net.blob("a").diffValues()]).toEqual(new Array(12).fill(0));
});

test.each([
  [
    "an image that the batch does not have",
    [1, 0, 0, 1, 1],
    "roi 0 lies in image 1. Expected 0 to 0.",
  ],
  ["no image", [-1, 0, 0, 1, 1], "roi 0 lies in image -1"],
  ["an edge that is no number", [0, Number.NaN, 0, 1, 1], "Expected finite numbers"],
])("a region of %s is refused", async (_title, roi, message) => {
  for (const text of [
    pooling(),
    layer("ROIAlign", "roi_pooling_param { pooled_h: 1 pooled_w: 1 }"),
    layer("PSROIPooling", "psroi_pooling_param { output_dim: 1 group_size: 1 spatial_scale: 1 }"),
  ]) {
    await expect(forward(layerNet(text, map), count, roi)).rejects.toThrow(message);
  }
});

test.each([
  [pooling("pooled_w: 2"), map, "pooled_h is missing"],
  [
    pooling(),
    [
      [1, 12],
      [1, 5],
    ],
    "Expected four axes: N×C×H×W",
  ],
  [
    pooling(),
    [
      [1, 1, 3, 4],
      [1, 4],
    ],
    "rois have shape (1,4). Expected R×5",
  ],
  [
    layer("PSROIPooling", "psroi_pooling_param { output_dim: 2 group_size: 2 spatial_scale: 1 }"),
    map,
    "Expected 8 channels",
  ],
  [
    layer("ROIAlign", "roi_align_param { pooled_h: 1 pooled_w: 1 }"),
    map,
    "roi_align_param belongs to a ROIAlign that is not known here",
  ],
])("refuses %s", (text, shapes, message) => {
  expect(() => layerNet(text, shapes)).toThrow(message);
});
