import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, layerNet } from "../../support/nets.ts";

describeEngines("ConvolutionDepthwise", (engines) => {
  test("makes a channel of each channel, whatever num_output and group are", async () => {
    const net = layerNet(
      'type: "ConvolutionDepthwise" bottom: "a" top: "y" convolution_param { num_output: 5 group: 3 kernel_h: 1 kernel_w: 2 } blobs { shape { dim: 2 dim: 1 dim: 1 dim: 2 } data: [1, 10, -1, 2] } blobs { shape { dim: 2 } data: [0, 0.5] }',
      [[1, 2, 1, 3]],
      { engines },
    );
    expect(await forward(net, [1, 2, 3, 4, 5, 6])).toEqual([[21, 32, 6.5, 7.5]]);
    expect(net.blob("y").shape).toEqual([1, 2, 1, 2]);
  });

  test("agrees with the reference", async () => {
    const layer =
      'type: "ConvolutionDepthwise" bottom: "a" top: "y" convolution_param { kernel_size: 3 pad: 1 stride: 2 }';
    await checkParity(engines, layer, [[2, 3, 5, 4]]);
  });
});

test("ConvolutionDepthwise wants a bottom of as many channels as when it was set up", () => {
  const net = layerNet(
    'type: "ConvolutionDepthwise" bottom: "a" top: "y" convolution_param { kernel_size: 1 }',
    [[1, 2, 3, 3]],
  );
  net.blob("a").reshape([1, 3, 3, 3]);
  expect(() => net.reshape()).toThrow("bottom has 3 channels, shape (1,3,3,3). Expected 2");
});
