import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, checkParity, forward, layerNet } from "../../support/nets.ts";

describeEngines("PReLU", (engines) => {
  test("leaks a quarter by default", async () => {
    const net = layerNet('type: "PReLU" bottom: "a" top: "y"', [[1, 2]], { engines });
    expect(await forward(net, [4, -4])).toEqual([[4, -1]]);
  });

  test.each([
    'bottom: "a" top: "y"',
    'bottom: "a" top: "a"',
    'bottom: "a" top: "a" prelu_param { channel_shared: true filler { value: 0.5 } }',
  ])("agrees with the reference: %s", async (text) => {
    await checkParity(engines, `type: "PReLU" ${text}`, [[2, 5, 3, 3]]);
  });
});

test.each(['top: "y"', 'top: "a"', 'top: "y" prelu_param { channel_shared: true }'])(
  "the gradient of PReLU agrees with differences: %s",
  async (text) => {
    await checkGradient(`type: "PReLU" bottom: "a" ${text}`, [[2, 3, 2]]);
  },
);

test("PReLU wants channels", () => {
  expect(() => layerNet('type: "PReLU" bottom: "a" top: "y"', [[4]])).toThrow(
    "Number of axes of bottom blob must be >=2",
  );
});
