import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { forward, layerNet } from "../../support/nets.ts";

const map = [
  [1, 1, 3, 4],
  [1, 5],
];
const count = Array.from({ length: 12 }, (_, i) => i);
const layer =
  'type: "ROIAlign" bottom: "a" bottom: "b" top: "y" roi_pooling_param { pooled_h: 1 pooled_w: 1 }';

describeEngines("ROIAlign of Cascade R-CNN", (engines) => {
  test.each([
    ["takes values at the corners of bins", [0, 1, 1, 3, 2], [2.5, 4.5, 6.5, 8.5]],
    ["finds 0 at a corner outside the map", [0, 1, 1, 9, 2], [2.5, 0, 6.5, 0]],
    ["makes 0 of a region without a size", [0, 2, 2, 2, 2], [0, 0, 0, 0]],
  ])("%s", async (_title, roi, want) => {
    const [got] = await forward(layerNet(layer, map, { engines }), count, roi);
    expect(got).toBeAllClose(want);
  });
});

test("ROIAlign refuses the parameters of another layer of this name", () => {
  const other = layer.replace("roi_pooling_param", "roi_align_param");
  expect(() => layerNet(other, map)).toThrow(
    "roi_align_param belongs to a ROIAlign that is not known here",
  );
});
