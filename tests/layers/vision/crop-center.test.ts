import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, layerNet } from "../../support/nets.ts";

const layer = (param: string): string =>
  `type: "CropCenter" bottom: "a" top: "y" crop_center_param { crop_size: [${param}] }`;

describeEngines("CropCenter", (engines) => {
  test("cuts off at both ends", async () => {
    const net = layerNet(layer("0, 1"), [[2, 3]], { engines });
    expect(await forward(net, [1, 2, 3, 4, 5, 6])).toEqual([[2, 5]]);
  });

  test("agrees with the reference", async () => {
    await checkParity(engines, layer("0, 0, 1, 2"), [[2, 3, 5, 7]]);
  });
});

test.each(["1, 1", "0", "0, 2"])("CropCenter refuses %s of 2×3", (param) => {
  expect(() => layerNet(layer(param), [[2, 3]])).toThrow("Expected one number for each axis");
});
