import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, checkParity, forward, layerNet } from "../../support/nets.ts";

describeEngines("ReLU", (engines) => {
  test("keeps what is above zero and drops the rest", async () => {
    const net = layerNet('type: "ReLU" bottom: "a" top: "y"', [[4]], { engines });
    expect(await forward(net, [-2, -0.5, 0, 3])).toEqual([[0, 0, 0, 3]]);
  });

  test("leaks below zero by negative_slope", async () => {
    const net = layerNet(
      'type: "ReLU" bottom: "a" top: "y" relu_param { negative_slope: 0.5 }',
      [[3]],
      { engines },
    );
    expect(await forward(net, [-2, 0, 3])).toEqual([[-1, 0, 3]]);
  });

  test.each(["y", "a"])("agrees with the reference, top %s", async (top) => {
    await checkParity(
      engines,
      `type: "ReLU" bottom: "a" top: "${top}" relu_param { negative_slope: 0.1 }`,
      [[2, 3, 4, 5]],
    );
  });

  test("follows its bottom to a smaller batch", async () => {
    const net = layerNet('type: "ReLU" bottom: "a" top: "y"', [[4]], { engines });
    await forward(net, [-2, -0.5, 0, 3]);
    net.blob("a").reshape([2]);
    expect(await forward(net, [5, -5])).toEqual([[5, 0]]);
  });
});

test("the gradient of ReLU agrees with differences", async () => {
  await checkGradient('type: "ReLU" bottom: "a" top: "y" relu_param { negative_slope: 0.2 }', [
    [2, 3, 4],
  ]);
});

test("ReLU will not run in place with a slope that loses the sign", () => {
  expect(() =>
    layerNet('type: "ReLU" bottom: "a" top: "a" relu_param { negative_slope: -1 }', [[3]]),
  ).toThrow('layer "t" (ReLU): in place with negative_slope -1. Expected 0 or more');
});
