import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, checkParity, forward, layerNet } from "../../support/nets.ts";

const layer = (param: string): string =>
  `type: "Deconvolution" bottom: "a" top: "y" convolution_param { weight_filler { type: "uniform" min: -1 } bias_filler { type: "uniform" } ${param} }`;

describeEngines("Deconvolution", (engines) => {
  test("spreads each value over its window", async () => {
    const net = layerNet(
      'type: "Deconvolution" bottom: "a" top: "y" convolution_param { num_output: 1 kernel_size: 2 stride: 2 weight_filler { value: 1 } bias_filler { value: 1 } }',
      [[1, 1, 1, 2]],
      { engines },
    );
    expect(await forward(net, [3, 5])).toEqual([[4, 4, 6, 6, 4, 4, 6, 6]]);
  });

  test("enlarges by the bilinear filler: a plane stays plane", async () => {
    const net = layerNet(
      'type: "Deconvolution" bottom: "a" top: "y" convolution_param { num_output: 1 kernel_size: 4 stride: 2 pad: 1 bias_term: false weight_filler { type: "bilinear" } }',
      [[1, 1, 4, 4]],
      { engines },
    );
    const [y = []] = await forward(
      net,
      Array.from({ length: 16 }, (_, i) => i % 4),
    );
    expect(net.blob("y").shape).toEqual([1, 1, 8, 8]);
    expect(y.slice(8 * 4 + 1, 8 * 4 + 7)).toBeAllClose([0.25, 0.75, 1.25, 1.75, 2.25, 2.75]);
  });

  test.each([
    ["an empty top", "kernel_size: 2 stride: 1 pad: 1", [1, 2, 1, 1], [1, 1, 0, 0]],
    ["an empty bottom", "kernel_size: 3", [1, 2, 0, 1], [1, 1, 2, 3]],
    ["no images", "kernel_size: 3", [0, 2, 1, 1], [0, 1, 3, 3]],
  ])("runs with %s", async (_name, param, shape, want) => {
    const net = layerNet(layer(`num_output: 1 ${param}`), [shape], {
      engines,
    });
    const bias = net.layer("t").blobs[1]?.values()[0] ?? 0;
    const count = want.reduce((a, b) => a * b, 1);
    const x = net.blob("a").values().fill(2);
    expect(await forward(net, x)).toEqual([new Array(count).fill(bias)]);
    expect(net.blob("y").shape).toEqual(want);
    net.blob("y").diffMem.overwriteCpu().fill(1);
    net.blob("a").diffMem.overwriteCpu().fill(7);
    net.clearParamDiffs();
    await net.backward();
    await net.toHost();
    expect([...net.blob("a").diffValues()]).toEqual([...x].map(() => 0));
    const [weight, db] = net.layer("t").blobs;
    expect(weight?.diffValues().some((value) => value !== 0)).toBe(false);
    expect([...(db?.diffValues() ?? [])]).toEqual([count]);
  });

  test.each([
    ["num_output: 4 kernel_size: 3", [2, 4, 5, 4]],
    ["num_output: 4 kernel_size: 3 stride: 2 pad: 1 group: 2", [2, 4, 5, 4]],
    ["num_output: 2 kernel_size: 2 dilation: 2 bias_term: false", [2, 4, 5, 4]],
    ["num_output: 2 kernel_size: 2 stride: 2 pad: 1", [1, 2, 2, 3, 2, 3]],
  ])("agrees with the reference: %s", async (param, shape) => {
    await checkParity(engines, layer(param), [shape]);
  });
});

test.each([
  ["num_output: 2 kernel_size: 3 stride: 2 pad: 1", [[2, 3, 3, 2]]],
  ["num_output: 4 kernel_size: 2 group: 2", [[1, 2, 2, 3]]],
  ["num_output: 2 kernel_size: 2 stride: 2", [[1, 2, 3]]],
  ["num_output: 1 kernel_size: 2 dilation: 2", [[1, 2, 2, 2, 2]]],
])("the gradient of Deconvolution agrees with differences: %s", async (param, shapes) => {
  await checkGradient(layer(param), shapes);
});

test("Deconvolution refuses more padding than there is", () => {
  expect(() => layerNet(layer("num_output: 1 kernel_size: 1 pad: 3"), [[1, 1, 2, 2]])).toThrow(
    "Expected a smaller pad",
  );
});
