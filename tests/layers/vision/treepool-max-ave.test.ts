import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, layerNet, write } from "../../support/nets.ts";

const layer = (param: string): string =>
  `type: "TreepoolMaxAve" bottom: "a" top: "y" convolution_param { ${param} }`;
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

describeEngines("TreepoolMaxAve", (engines) => {
  test("mixes maximum and mean as a mask says, of what lies in the image", async () => {
    const net = layerNet(layer("kernel_size: 2 stride: 2"), [[1, 1, 2, 3]], { engines });
    write(net.layers[1]!.blobs[0]!, [0.5, 0, 0, -0.25]);
    const [y] = await forward(net, [1, 2, -3, 4, 8, -5]);
    const [p, q] = [sigmoid(0.5 - 2), sigmoid(-1.5)];
    expect(y).toBeAllClose([p * 8 + (1 - p) * 3.75, q * -3 + (1 - q) * -4]);
  });

  test("all maxima get the gradient of the maximum", async () => {
    const net = layerNet(layer("kernel_size: 2"), [[1, 1, 2, 2]], { engines });
    await forward(net, [3, 1, 3, 2]);
    net.blob("y").diffMem.overwriteCpu().fill(8);
    await net.backward();
    await net.toHost();
    expect([...net.blob("a").diffValues()]).toEqual([5, 1, 5, 1]);
    const slope = 8 * 0.25 * (3 - 2.25);
    expect([...net.layers[1]!.blobs[0]!.diffValues()]).toBeAllClose(
      [3, 1, 3, 2].map((x) => slope * x),
    );
  });

  test("agrees with the reference", async () => {
    const fill = 'weight_filler { type: "uniform" min: -1 max: 1 }';
    await checkParity(engines, layer(`kernel_size: 3 stride: 2 ${fill}`), [[2, 3, 6, 5]]);
  });
});

test.each([
  ["", "convolution_param has no kernel_size"],
  ["kernel_size: 2 bias_term: false", "has bias_term, which this layer does not obey"],
  ["kernel_size: 9 stride: 2", "a window of 9×9 does not fit"],
])("TreepoolMaxAve refuses %s", (param, message) => {
  expect(() => layerNet(layer(param), [[1, 1, 3, 3]])).toThrow(message);
});

test("a NaN in a window is a NaN in its answer alone", async () => {
  const net = layerNet(layer("kernel_size: 1"), [[1, 1, 1, 2]]);
  expect(await forward(net, [Number.NaN, 1])).toEqual([[Number.NaN, 1]]);
});
