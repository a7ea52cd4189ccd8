import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, checkParity, forward, layerNet } from "../../support/nets.ts";

describeEngines("Im2col", (engines) => {
  test("lays windows out as columns", async () => {
    const net = layerNet(
      'type: "Im2col" bottom: "a" top: "y" convolution_param { kernel_size: 2 }',
      [[1, 1, 2, 3]],
      { engines },
    );
    expect(await forward(net, [1, 2, 3, 4, 5, 6])).toEqual([[1, 2, 2, 3, 4, 5, 5, 6]]);
    expect(net.blob("y").shape).toEqual([1, 4, 1, 2]);
  });

  test.each([
    ["two axes", "kernel_size: 2 stride: 2 pad: 1", [2, 2, 4, 3]],
    ["four axes", "kernel_size: 2 stride: 2 pad: 1", [2, 2, 3, 2, 4, 3]],
  ])("agrees with the reference over %s", async (_name, param, shape) => {
    const layer = `type: "Im2col" bottom: "a" top: "y" convolution_param { ${param} }`;
    await checkParity(engines, layer, [shape]);
  });
});

test.each(["kernel_size: 3 pad: 1", "kernel_size: 2 stride: 2 dilation: 2"])(
  "the gradient of Im2col agrees with differences: %s",
  async (param) => {
    await checkGradient(`type: "Im2col" bottom: "a" top: "y" convolution_param { ${param} }`, [
      [2, 2, 4, 3],
    ]);
  },
);

test("Im2col wants a kernel", () => {
  expect(() => layerNet('type: "Im2col" bottom: "a" top: "y"', [[1, 1, 2, 2]])).toThrow(
    "kernel_size",
  );
});
