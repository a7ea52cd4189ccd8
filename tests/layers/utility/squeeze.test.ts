import { expect, test } from "vitest";
import { layerNet, write } from "../../support/nets.ts";

const layer = (param: string): string =>
  `type: "Squeeze" bottom: "a" top: "y" squeeze_param { ${param} }`;

test.each([
  ["", [2, 3]],
  ["axis: 1", [2, 3, 1]],
  ["axis: -1", [2, 1, 3]],
  ["axis: 1 axis: 3", [2, 3]],
])("Squeeze leaves out axes of length 1: %s", async (param, want) => {
  const net = layerNet(layer(param), [[2, 1, 3, 1]]);
  write(net.blob("a"), [1, 2, 3, 4, 5, 6]);
  await net.forward();
  expect(net.blob("y").shape).toEqual(want);
  expect(Array.from(net.blob("y").values())).toEqual([1, 2, 3, 4, 5, 6]);
  expect(net.blob("y").diffMem).toBe(net.blob("a").diffMem);
});

test.each([
  ["axis: 0", "names axis 0 of bottom shape (2,1,3,1). Expected an axis of length 1."],
  ["axis: 4", "axis 4"],
])("Squeeze refuses %s", (param, message) => {
  expect(() => layerNet(layer(param), [[2, 1, 3, 1]])).toThrow(message);
});
