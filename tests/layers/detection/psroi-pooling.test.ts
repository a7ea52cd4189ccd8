import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { forward, layerNet } from "../../support/nets.ts";

const map = [
  [1, 1, 3, 4],
  [1, 5],
];
const count = Array.from({ length: 12 }, (_, i) => i);
const layer = (param = "output_dim: 1 group_size: 1 spatial_scale: 1"): string =>
  `type: "PSROIPooling" bottom: "a" bottom: "b" top: "y" psroi_pooling_param { ${param} }`;

describeEngines("PSROIPooling", (engines) => {
  test("takes the mean of a region", async () => {
    const [got] = await forward(layerNet(layer(), map, { engines }), count, [0, 1, 0, 2, 1]);
    expect(got).toBeAllClose([3.5]);
  });

  test("gives each bin channels of its own", async () => {
    const net = layerNet(
      layer("output_dim: 1 group_size: 2 spatial_scale: 0.5"),
      [
        [1, 4, 2, 2],
        [1, 5],
      ],
      { engines },
    );
    const sixteen = Array.from({ length: 16 }, (_, i) => i);
    const [got] = await forward(net, sixteen, [0, 0, 0, 3, 3]);
    expect(got).toBeAllClose([0, 5, 10, 15]);
  });
});

test("PSROIPooling refuses another number of channels", () => {
  expect(() => layerNet(layer("output_dim: 2 group_size: 2 spatial_scale: 1"), map)).toThrow(
    "Expected 8 channels",
  );
});
