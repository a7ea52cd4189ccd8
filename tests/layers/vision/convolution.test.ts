import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, checkParity, forward, layerNet, noise } from "../../support/nets.ts";

describeEngines("Convolution", (engines) => {
  test("slides a kernel over an image", async () => {
    const net = layerNet(
      'type: "Convolution" bottom: "a" top: "y" convolution_param { num_output: 1 kernel_size: 2 bias_filler { value: 10 } weight_filler { value: 1 } }',
      [[1, 1, 3, 3]],
      { engines },
    );
    expect(await forward(net, [1, 2, 3, 4, 5, 6, 7, 8, 9])).toEqual([[22, 26, 34, 38]]);
  });

  test.each([
    ["plain", "num_output: 4 kernel_size: 3", [2, 3, 6, 5]],
    ["strided and padded", "num_output: 5 kernel_size: 3 stride: 2 pad: 1", [2, 3, 7, 8]],
    ["grouped", "num_output: 6 kernel_size: 3 group: 2 pad: 1", [2, 4, 5, 5]],
    ["dilated", "num_output: 3 kernel_size: 3 dilation: 2", [2, 2, 8, 7]],
    [
      "oblong",
      "num_output: 3 kernel_h: 1 kernel_w: 3 stride_h: 2 stride_w: 1 pad_h: 0 pad_w: 1",
      [2, 2, 6, 7],
    ],
    ["without bias", "num_output: 17 kernel_size: 1 bias_term: false", [3, 19, 4, 4]],
    ["depthwise", "num_output: 8 kernel_size: 3 group: 8 pad: 1", [2, 8, 6, 6]],
    [
      "depthwise, strided and dilated, two outputs each",
      "num_output: 6 kernel_h: 3 kernel_w: 2 stride: 2 pad: 1 dilation: 2 group: 3",
      [3, 3, 9, 8],
    ],
    ["over volumes", "num_output: 2 kernel_size: 2", [2, 2, 3, 4, 3]],
    [
      "over four axes",
      "num_output: 4 kernel_size: 2 stride: 2 pad: 1 group: 2",
      [2, 2, 3, 2, 4, 3],
    ],
    ["over five axes", "num_output: 2 kernel_size: 2 dilation: 2", [1, 2, 3, 4, 3, 3, 3]],
    ["over lines", "num_output: 2 kernel_size: 2 stride: 2", [2, 3, 8]],
    [
      "padded below and on the right",
      "num_output: 5 kernel_size: 3 stride: 2 pad_b: 1 pad_r: 2",
      [2, 3, 7, 8],
    ],
    ["padded above, grouped", "num_output: 4 kernel_size: 2 group: 2 pad_t: 1", [2, 4, 5, 5]],
    [
      "depthwise, padded on the left",
      "num_output: 8 kernel_size: 3 group: 8 pad_l: 2",
      [2, 8, 6, 6],
    ],
    ["SAME", "num_output: 3 kernel_size: 3 stride: 2 pad_type: 1", [2, 2, 8, 7]],
  ])("agrees with the reference: %s", async (_name, param, shape) => {
    const layer = `type: "Convolution" bottom: "a" top: "y" convolution_param { ${param} weight_filler { type: "gaussian" std: 0.5 } bias_filler { type: "uniform" } }`;
    await checkParity(engines, layer, [shape]);
  });

  test.each([
    // The last column and row are of padding.
    ["pad_b: 1 pad_r: 1", [12, 16, 9, 24, 28, 15, 15, 17, 9], [3, 3]],
    ["pad_t: 1", [3, 5, 12, 16, 24, 28], [3, 2]],
    ["stride: 2 pad_type: 1", [12, 9, 15, 9], [2, 2]],
    ["pad: 0 pad_l: 0", [12, 16, 24, 28], [2, 2]],
  ])("pads each end by itself: %s", async (pads, want, shape) => {
    const net = layerNet(
      `type: "Convolution" bottom: "a" top: "y" convolution_param { num_output: 1 kernel_size: 2 ${pads} weight_filler { value: 1 } }`,
      [[1, 1, 3, 3]],
      { engines },
    );
    expect(await forward(net, [1, 2, 3, 4, 5, 6, 7, 8, 9])).toEqual([want]);
    expect(net.blob("y").shape).toEqual([1, 1, ...shape]);
  });

  test("gives a ReLU behind it the same numbers fused as apart", async () => {
    const relu =
      'layer { name: "r" type: "ReLU" bottom: "y" top: "y" relu_param { negative_slope: 0.1 } }';
    const net = layerNet(
      `type: "Convolution" bottom: "a" top: "y" convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } } } ${relu} layer { name: "s" type: "Silence" bottom: "y"`,
      [[2, 3, 6, 6]],
      { engines },
    );
    await forward(net, noise(216));
    const fused = Array.from(net.blob("y").values());
    await net.forward(1, 1);
    await net.toHost();
    const apart = Array.from(net.blob("y").values(), (v) => (v > 0 ? v : 0.1 * v));
    expect(fused).toBeAllClose(apart);
    expect(fused.some((v) => v < 0)).toBe(true);
  });
});

test.each([
  ["num_output: 2 kernel_size: 2", [2, 2, 3, 3]],
  ["num_output: 4 kernel_size: 3 group: 2 stride: 2 pad: 1", [1, 2, 4, 5]],
  ["num_output: 2 kernel_size: 2 dilation: 2", [1, 1, 4, 4]],
  ["num_output: 2 kernel_size: 2 axis: 0", [2, 3, 3]],
])("the gradient of Convolution agrees with differences: %s", async (param, shape) => {
  await checkGradient(`type: "Convolution" bottom: "a" top: "y" convolution_param { ${param} }`, [
    shape,
  ]);
});

test.each([
  ["num_output: 2", "has no kernel_size. Expected 1 or more"],
  ["kernel_size: 2", "num_output is 0. Expected 1 or more"],
  ["num_output: 2 kernel_size: 0", "kernel_size is 0. Expected 1 or more"],
  ["num_output: 2 kernel_size: 9", "a kernel of 9 does not fit bottom shape (1,2,4,4)"],
  ["num_output: 3 kernel_size: 2 group: 2", "Expected a multiple of group 2"],
  ["num_output: 3 kernel_size: 2 group: 3", "bottom has 2 channels"],
  ["num_output: 2 kernel_size: 2 kernel_h: 2", "both given. Expected one form"],
  ["num_output: 2 kernel_size: 2 kernel_size: 2 kernel_size: 2", "kernel_size is given 3 times"],
  ["num_output: 2 kernel_h: 0 kernel_w: 2", "kernel_size is 0. Expected 1 or more"],
  ["num_output: 2 kernel_w: 2", "has only one of kernel_h and kernel_w. Expected both"],
  ["num_output: 2 kernel_size: 2 stride: 0", "stride is 0. Expected 1 or more"],
  ["num_output: 2 kernel_size: 2 stride_h: 0 stride_w: 1", "stride is 0. Expected 1 or more"],
  ["num_output: 2 kernel_size: 2 dilation: 0", "dilation is 0. Expected 1 or more"],
  [
    "num_output: 2 kernel_h: 2 kernel_w: 2 axis: 2",
    "kernel_h and kernel_w are for two spatial axes; there are 1",
  ],
  ["num_output: 2 kernel_size: 2 axis: 4", "axis 4 is out of range. Expected -4 to 3"],
])("Convolution refuses %s", (param, message) => {
  const layer = `type: "Convolution" bottom: "a" top: "y" convolution_param { ${param} }`;
  expect(() => layerNet(layer, [[1, 2, 4, 4]])).toThrow(message);
});
