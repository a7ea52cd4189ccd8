import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, checkParity, forward, layerNet } from "../../support/nets.ts";

const layer = (param: string): string => `type: "SPP" bottom: "a" top: "y" spp_param { ${param} }`;

describeEngines("SPP", (engines) => {
  test("pools a pyramid", async () => {
    const net = layerNet(layer("pyramid_height: 2"), [[1, 1, 2, 2]], { engines });
    expect(await forward(net, [1, 2, 3, 4])).toEqual([[4, 1, 2, 3, 4]]);
    expect(net.blob("y").shape).toEqual([1, 5]);
  });

  test("has one length for images of any size", async () => {
    const net = layerNet(layer("pyramid_height: 3"), [[2, 3, 8, 8]], { engines });
    const shape = net.blob("y").shape;
    net.blob("a").reshape([2, 3, 13, 9]);
    net.reshape();
    expect(net.blob("y").shape).toEqual(shape);
    await net.forward();
  });

  test("agrees with the reference", async () => {
    await checkParity(engines, layer("pyramid_height: 3"), [[2, 3, 9, 7]]);
  });
});

test.each(["pyramid_height: 1", "pyramid_height: 3", "pyramid_height: 2 pool: AVE"])(
  "the gradient of SPP agrees with differences: %s",
  async (param) => {
    await checkGradient(layer(param), [[1, 2, 6, 4]]);
  },
);

test("SPP needs a height", () => {
  expect(() => layerNet('type: "SPP" bottom: "a" top: "y"', [[1, 1, 2, 2]])).toThrow(
    "pyramid_height is 0",
  );
});
