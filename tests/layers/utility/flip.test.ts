import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, layerNet } from "../../support/nets.ts";

const layer = (param: string): string =>
  `type: "Flip" bottom: "a" top: "y" flip_param { ${param} }`;

describeEngines("Flip", (engines) => {
  test.each([
    ["", [3, 2, 1, 6, 5, 4]],
    ["flip_height: true flip_width: false", [4, 5, 6, 1, 2, 3]],
    ["flip_height: true", [6, 5, 4, 3, 2, 1]],
    ["flip_width: false", [1, 2, 3, 4, 5, 6]],
  ])("mirrors images: %s", async (param, want) => {
    const net = layerNet(layer(param), [[1, 1, 2, 3]], { engines });
    expect(await forward(net, [1, 2, 3, 4, 5, 6])).toEqual([want]);
  });

  test("is the same on every engine, forward and backward", async () => {
    await checkParity(engines, layer(""), [[2, 3, 4, 5]]);
  });
});

test("Flip wants images", () => {
  expect(() => layerNet(layer(""), [[2, 3]])).toThrow("Expected four axes: N×C×H×W.");
});
