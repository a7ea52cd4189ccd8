import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { forward, layerNet } from "../../support/nets.ts";

const map = [
  [1, 1, 3, 4],
  [1, 5],
];
const count = Array.from({ length: 12 }, (_, i) => i);
const layer = (param = "pooled_h: 1 pooled_w: 2"): string =>
  `type: "ROIPooling" bottom: "a" bottom: "b" top: "y" roi_pooling_param { ${param} }`;

describeEngines("ROIPooling", (engines) => {
  test.each([
    ["takes the maxima of bins", layer(), [0, 0, 0, 3, 2], [9, 11]],
    ["lets bins overlap where they do not divide", layer(), [0, 0, 0, 2, 0], [1, 2]],
    [
      "rounds halves away from zero",
      layer("pooled_h: 1 pooled_w: 1 spatial_scale: 0.5"),
      [0, 0, 0, 3, 0],
      [2],
    ],
    ["finds nothing outside the map", layer(), [0, -2, 0, 1, 0], [0, 1]],
    [
      "pools one pixel of a region turned round",
      layer("pooled_h: 1 pooled_w: 1"),
      [0, 2, 1, 0, 0],
      [6],
    ],
  ])("%s", async (_title, text, roi, want) => {
    const [got] = await forward(layerNet(text, map, { engines }), count, roi);
    expect(got).toBeAllClose(want);
  });
});

test("a region whose end lies before its start passes no gradient on, as in Fast R-CNN", async () => {
  const net = layerNet(layer("pooled_h: 1 pooled_w: 1"), map);
  await forward(net, count, [0, 2, 1, 0, 0]);
  net.blob("y").diffMem.overwriteCpu().fill(1);
  await net.backward();
  expect([...net.blob("a").diffValues()]).toEqual(new Array(12).fill(0));
});

test("ROIPooling wants both lengths of its bins", () => {
  expect(() => layerNet(layer("pooled_w: 2"), map)).toThrow("pooled_h is missing");
});
