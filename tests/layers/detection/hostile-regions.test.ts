// Regions that no proposal should give: what the layers that pool them do, on every engine, forward and backward.
import { describe, expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { forward, layerNet } from "../../support/nets.ts";

const POOLS = {
  ROIPooling: "roi_pooling_param { pooled_h: 1 pooled_w: 2 }",
  ROIAlign: "roi_pooling_param { pooled_h: 1 pooled_w: 1 }",
  PSROIPooling: "psroi_pooling_param { output_dim: 1 group_size: 1 spatial_scale: 1 }",
} as const;
const MAP = [
  [1, 1, 3, 4],
  [1, 5],
];
const count = Array.from({ length: 12 }, (_, i) => i + 1);

describe.each(Object.entries(POOLS))("%s", (type, param) => {
  const layer = `type: "${type}" bottom: "a" bottom: "b" top: "y" ${param}`;

  describeEngines("", (engines) => {
    test.each([
      ["left of the map", [0, -90, -90, -80, -80]],
      ["right of the map", [0, 80, 80, 90, 90]],
      ["far beyond whole numbers", [0, 1e30, 1e30, 2e30, 2e30]],
    ])("finds nothing in a region %s, and sends nothing back", async (_where, roi) => {
      const net = layerNet(layer, MAP, { engines });
      const [found] = await forward(net, count, roi);
      expect([...(found ?? [])].every((value) => value === 0)).toBe(true);
      net.blob("y").diffMem.overwriteCpu().fill(1);
      await net.backward();
      await net.toHost();
      expect([...net.blob("a").diffValues()]).toEqual(new Array(12).fill(0));
    });

    test("of no numbers ends, in one error or in values", async () => {
      const net = layerNet(layer, MAP, { engines });
      const outcome = await forward(net, count, [0, Number.NaN, 0, 1, Number.NaN]).then(
        ([found]) => [...(found ?? [])].length,
        (error: Error) => error.message,
      );
      if (typeof outcome === "string") expect(outcome).toContain(type);
      else expect(outcome).toBeGreaterThan(0);
    });

    test("of an image that the batch does not have is an error", async () => {
      const net = layerNet(layer, MAP, { engines });
      await expect(forward(net, count, [1, 0, 0, 1, 1])).rejects.toThrow(type);
    });
  });
});
