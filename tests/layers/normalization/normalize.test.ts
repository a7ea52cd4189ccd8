import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { forward, keptLog, layerNet, write } from "../../support/nets.ts";

const layer = (param: string): string =>
  `type: "Normalize" bottom: "a" top: "y" norm_param { eps: 0 ${param} }`;

describeEngines("Normalize", (engines) => {
  test.each([
    ["across_spatial: false", [0.6, 1, 0.8, 0]],
    ["across_spatial: true", [0.3, 0.5 * Math.sqrt(3), 0.4, 0]],
    ["across_spatial: false scale_filler { value: 20 }", [12, 20, 16, 0]],
    ["across_spatial: false channel_shared: false scale_filler { value: 2 }", [1.2, 2, 1.6, 0]],
  ])("brings to length 1: %s", async (param, want) => {
    const net = layerNet(layer(param), [[1, 2, 2]], { engines });
    const [got] = await forward(net, [3, 5 * Math.sqrt(3), 4, 0]);
    expect(got).toBeAllClose(want);
  });

  test("eps keeps what is all zeros at zero", async () => {
    const net = layerNet('type: "Normalize" bottom: "a" top: "y"', [[1, 2, 2]], { engines });
    expect(await forward(net, [0, 0, 0, 0])).toEqual([[0, 0, 0, 0]]);
    net.blob("y").diffMem.overwriteCpu().fill(1);
    await net.backward();
    await net.toHost();
    expect([...net.blob("a").diffValues()].every(Number.isFinite)).toBe(true);
  });

  test("the gradient's sum does not weigh channels of unequal scale, as in SSD", async () => {
    const net = layerNet(layer("across_spatial: false channel_shared: false"), [[1, 2, 1]], {
      engines,
    });
    write(net.learnableParams[0]!.blob, [10, 1]);
    await forward(net, [3, 4]);
    write(net.blob("y"), [0, 0]);
    net.blob("y").diffMem.overwriteCpu().set([1, 2]);
    net.clearParamDiffs();
    await net.backward();
    await net.toHost();
    // x · dy = 11: dx = γ / 5 · (dy − x · 11 / 25)
    expect(net.blob("a").diffValues()).toBeAllClose([-0.64, 0.048]);
    expect(net.learnableParams[0]!.blob.diffValues()).toBeAllClose([0.6, 1.6]);
  });

  test("a larger batch is as many samples more", async () => {
    const net = layerNet(layer(""), [[1, 2, 1]], { engines });
    net.blob("a").reshape([3, 2, 1]);
    net.reshape();
    const [got] = await forward(net, [3, 4, 0, 2, 5, 12]);
    expect(got).toBeAllClose([0.6, 0.8, 0, 1, 5 / 13, 12 / 13]);
  });
});

test("Normalize wants channels, and as many as it was built for", () => {
  expect(() => layerNet(layer(""), [[3]])).toThrow("Expected two axes or more");
  const net = layerNet(layer("channel_shared: false"), [[1, 2, 1]]);
  net.blob("a").reshape([1, 3, 1]);
  expect(() => net.reshape()).toThrow("Expected 2 channels");
});

test.each(["normalize_param { }", 'softmax_param { normalize_type: "L2" }', 'fork: "happynear"'])(
  "caffe-windows' Normalize has no factor: %s",
  async (param) => {
    const net = layerNet(`type: "Normalize" bottom: "a" top: "y" ${param}`, [[1, 2, 1, 2]]);
    expect((await forward(net, [3, 0, 4, 2]))[0]).toBeAllClose([0.6, 0, 0.8, 1]);
    expect(net.layers[1]?.blobs).toEqual([]);
  },
);

test.each([
  ['normalize_type: "L1"', 'normalize_type: "L1"'],
  ["bp_norm: true", "bp_norm"],
])("caffe-windows' Normalize with %s is refused", (param, message) => {
  const text = `type: "Normalize" bottom: "a" top: "y" normalize_param { ${param} }`;
  expect(() => layerNet(text, [[1, 2]])).toThrow(`normalize_param has ${message}`);
});

test.each([
  ["", true],
  ['fork: "ssd"', false],
  ["norm_param { }", false],
  ["normalize_param { }", false],
])("whose Normalize it is, its fields tell: %s", (param, warns) => {
  const { log, lines } = keptLog();
  layerNet(`type: "Normalize" bottom: "a" top: "y" ${param}`, [[1, 2]], { log });
  expect(lines.some((line) => line.includes('Write fork: "happynear"'))).toBe(warns);
});
