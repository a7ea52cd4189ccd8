import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, layerNet, write } from "../../support/nets.ts";

const layer = (param: string): string =>
  `type: "TreepoolKernel1L" bottom: "a" top: "y" convolution_param { ${param} }`;
const fill = 'weight_filler { type: "uniform" min: -1 max: 1 }';
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

describeEngines("TreepoolKernel1L", (engines) => {
  test("mixes two masked sums as the third says", async () => {
    const net = layerNet(layer("kernel_size: 2 stride: 2"), [[1, 1, 2, 4]], { engines });
    const [v1, v2, w] = net.layers[1]!.blobs;
    write(v1!, [1, 2, 3, 4]);
    write(v2!, [0, 1, 0, -1]);
    write(w!, [0.5, 0, 0, -0.5]);
    const [y] = await forward(net, [1, 2, 3, 4, 5, 6, 7, 8]);
    const [p, q] = [sigmoid(0.5 - 3), sigmoid(1.5 - 4)];
    expect(y).toBeAllClose([p * 44 + (1 - p) * -4, q * 64 + (1 - q) * -4]);
  });

  test("counts what of a window lies in the image", async () => {
    const net = layerNet(layer("kernel_size: 2 stride: 2"), [[1, 1, 1, 3]], { engines });
    const [v1, , w] = net.layers[1]!.blobs;
    write(v1!, [1, 10, 100, 1000]);
    write(w!, [0, 0, 7, 7]);
    expect((await forward(net, [1, 2, 3]))[0]).toBeAllClose([10.5, 1.5]);
    expect(net.blob("y").shape).toEqual([1, 1, 1, 2]);
  });

  test("agrees with the reference", async () => {
    await checkParity(engines, layer(`kernel_size: 3 stride: 2 ${fill}`), [[2, 3, 6, 5]]);
  });
});

test.each([
  ["", [1, 1, 3, 3], "convolution_param has no kernel_size"],
  ["kernel_size: 2 pad: 1", [1, 1, 3, 3], "has pad, which this layer does not obey"],
  ["kernel_size: 2 num_output: 4 group: 2", [1, 1, 3, 3], "has num_output, group, which"],
  ["kernel_size: 5", [1, 1, 3, 3], "a window of 5×5 does not fit bottom shape (1,1,3,3)"],
  ["kernel_size: 1", [1, 3], "Expected 4 axes"],
])("TreepoolKernel1L refuses %s", (param, shape, message) => {
  expect(() => layerNet(layer(param), [shape])).toThrow(message);
});

test("a NaN in a window is a NaN in its sum alone", async () => {
  const net = layerNet(layer(`kernel_size: 1 ${fill}`), [[1, 1, 1, 2]]);
  const [y] = await forward(net, [Number.NaN, 1]);
  expect(y![0]).toBeNaN();
  expect(Number.isFinite(y![1]!)).toBe(true);
});
