import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, layerNet } from "../../support/nets.ts";

const layer = 'type: "UpsampleDarknet" bottom: "a" top: "y" upsample_darknet_param { stride: 2 }';

describeEngines("UpsampleDarknet", (engines) => {
  test("makes squares of values", async () => {
    const net = layerNet(layer, [[1, 1, 1, 2]], { engines });
    expect(await forward(net, [1, 2])).toEqual([[1, 1, 2, 2, 1, 1, 2, 2]]);
  });

  test("agrees with the reference", async () => {
    await checkParity(engines, layer, [[2, 3, 4, 5]]);
  });
});

test("UpsampleDarknet takes no mask", () => {
  const text = 'type: "UpsampleDarknet" bottom: "a" bottom: "b" top: "y"';
  const shape = [1, 1, 2, 2];
  expect(() => layerNet(text, [shape, shape])).toThrow("2 bottoms. Expected 1");
});
