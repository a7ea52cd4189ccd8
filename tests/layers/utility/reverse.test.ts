import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, layerNet } from "../../support/nets.ts";

const layer = (param: string): string =>
  `type: "Reverse" bottom: "a" top: "y" reverse_param { ${param} }`;

describeEngines("Reverse", (engines) => {
  test.each([
    ["", [4, 5, 6, 1, 2, 3]],
    ["axis: 1", [3, 2, 1, 6, 5, 4]],
    ["axis: -1 axis: 0", [6, 5, 4, 3, 2, 1]],
  ])("turns axes round: %s", async (param, want) => {
    const net = layerNet(layer(param), [[2, 3]], { engines });
    expect(await forward(net, [1, 2, 3, 4, 5, 6])).toEqual([want]);
  });

  test("is the same on every engine, forward and backward", async () => {
    await checkParity(engines, layer("axis: 1"), [[3, 5, 7]]);
  });
});

test.each([
  ["axis: 2", "axis 2"],
  ["axis: 0 axis: -2", "reverse_param.axis names an axis twice: 0, -2"],
])("Reverse refuses %s", (param, message) => {
  expect(() => layerNet(layer(param), [[2, 3]])).toThrow(message);
});

test("Reverse refuses more rows than floats can tell apart", () => {
  const net = layerNet(layer("axis: 1"), [[1, 2]]);
  net.blob("a").reshape([2 ** 14, 2 ** 11]);
  expect(() => net.reshape()).toThrow("33554432 rows to pick. Expected 16777216 or fewer");
});
