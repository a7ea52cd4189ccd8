import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, checkParity, forward, layerNet, noise } from "../../support/nets.ts";

describeEngines("Reshape", (engines) => {
  test.each([
    ["shape { dim: 0 dim: -1 }", [2, 12]],
    ["shape { dim: 4 dim: 6 }", [4, 6]],
    ["axis: 1 num_axes: 2 shape { dim: 6 }", [2, 6, 2]],
    ["axis: -1 shape { dim: 1 dim: 1 }", [2, 3, 2, 2, 1, 1].slice(0, 4).concat([1, 1])],
  ])("%s", async (param, shape) => {
    const net = layerNet(
      `type: "Reshape" bottom: "a" top: "y" reshape_param { ${param} }`,
      [[2, 3, 2, 2]],
      { engines },
    );
    await forward(net, noise(24));
    expect(net.blob("y").shape).toEqual(shape);
    expect(Array.from(net.blob("y").values())).toBeAllClose(noise(24));
  });
});

describeEngines("Reshape with pixelshuffler", (engines) => {
  const shuffle = (side: number): string =>
    `type: "Reshape" bottom: "a" top: "y" reshape_param { pixelshuffler: ${side} }`;

  test("makes a square of pixels of the channels", async () => {
    const net = layerNet(shuffle(2), [[1, 8, 1, 2]], { engines });
    const [y] = await forward(
      net,
      Array.from({ length: 16 }, (_, i) => i),
    );
    expect(net.blob("y").shape).toEqual([1, 2, 2, 4]);
    expect(y).toEqual([0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15]);
  });

  test("agrees with the reference", async () => {
    await checkParity(engines, shuffle(3), [[2, 18, 3, 2]]);
  });
});

test("pixelshuffler wants as many channels as make squares", () => {
  const layer = 'type: "Reshape" bottom: "a" top: "y" reshape_param { pixelshuffler: 2 }';
  expect(() => layerNet(layer, [[1, 6, 2, 2]])).toThrow(
    "Expected channels in groups of its square",
  );
});

test("of no rows the axes that are copied stay, and the others say how long -1 is", () => {
  const shapeOf = (param: string, shape: number[]) =>
    layerNet(`type: "Reshape" bottom: "a" top: "y" reshape_param { ${param} }`, [shape]).blob("y")
      .shape;
  expect(shapeOf("shape { dim: 0 dim: -1 }", [0, 2, 3])).toEqual([0, 6]);
  expect(shapeOf("axis: 1 shape { dim: 3 dim: -1 }", [0, 2, 3])).toEqual([0, 3, 2]);
  expect(shapeOf("shape { dim: -1 dim: 3 }", [0, 2, 3])).toEqual([0, 3]);
});

test("the gradient of Reshape agrees with differences", async () => {
  await checkGradient(
    'type: "Reshape" bottom: "a" top: "y" reshape_param { shape { dim: 3 dim: -1 } }',
    [[2, 3]],
  );
});

test("Reshape wants the same number of elements, and one -1 at most", () => {
  const reshape = (dims: string) =>
    `type: "Reshape" bottom: "a" top: "y" reshape_param { shape { ${dims} } }`;
  expect(() => layerNet(reshape("dim: 5"), [[2, 3]])).toThrow(
    "Output count must match input count",
  );
  expect(() => layerNet(reshape("dim: -1 dim: -1"), [[2, 3]])).toThrow("multiple -1 dims");
});
