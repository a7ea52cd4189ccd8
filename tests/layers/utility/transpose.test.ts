import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, layerNet } from "../../support/nets.ts";

const layer = (param: string): string =>
  `type: "Transpose" bottom: "a" top: "y" transpose_param { ${param} }`;

describeEngines("Transpose", (engines) => {
  test("puts axes into another order", async () => {
    const net = layerNet(layer("dim: 2 dim: 0 dim: 1"), [[2, 3, 2]], { engines });
    const x = [0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121];
    expect(await forward(net, x)).toEqual([[0, 10, 20, 100, 110, 120, 1, 11, 21, 101, 111, 121]]);
    expect(net.blob("y").shape).toEqual([2, 2, 3]);
  });

  test("is the same on every engine, forward and backward", async () => {
    await checkParity(engines, layer("dim: 3 dim: 2 dim: 0 dim: 1"), [[2, 3, 4, 5]]);
  });
});

test.each([
  ["dim: 1 dim: 0", "transpose_param.dim names 2 axes. Expected 3, all of the bottom's."],
  ["dim: 1 dim: 0 dim: 1", "transpose_param.dim names axis 1 twice"],
  ["dim: 1 dim: 0 dim: 3", "transpose_param.dim names axis 3"],
])("Transpose refuses %s", (param, message) => {
  expect(() => layerNet(layer(param), [[2, 3, 4]])).toThrow(message);
});
