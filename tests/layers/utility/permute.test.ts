import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, layerNet, noise, write } from "../../support/nets.ts";

describeEngines("Permute", (engines) => {
  test("puts axes into another order", async () => {
    const net = layerNet(
      'type: "Permute" bottom: "a" top: "y" permute_param { order: 2 order: 0 }',
      [[2, 3, 2]],
      { engines },
    );
    const x = [0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121];
    expect(await forward(net, x)).toEqual([[0, 10, 20, 100, 110, 120, 1, 11, 21, 101, 111, 121]]);
    expect(net.blob("y").shape).toEqual([2, 2, 3]);
  });

  test.each([
    ["order: 0 order: 2 order: 3 order: 1", [3, 7, 5, 4]],
    ["order: 3 order: 2 order: 1 order: 0", [2, 33, 3, 17]],
    ["order: 0 order: 3 order: 1", [1, 40, 20, 20]],
    ["order: 1", [6, 5]],
  ])("is the same on every engine, forward and backward: %s", async (order, shape) => {
    const layer = `type: "Permute" bottom: "a" top: "y" permute_param { ${order} }`;
    await checkParity(engines, layer, [shape]);
  });

  test("follows its bottom to another size", async () => {
    const net = layerNet(
      'type: "Permute" bottom: "a" top: "y" permute_param { order: 1 }',
      [[1, 2]],
      { engines },
    );
    net.blob("a").reshape([2, 2]);
    net.reshape();
    expect(await forward(net, [1, 2, 3, 4])).toEqual([[1, 3, 2, 4]]);
  });
});

test("an order that changes nothing uses the bottom's memory", async () => {
  const net = layerNet('type: "Permute" bottom: "a" top: "y"', [[2, 3]]);
  write(net.blob("a"), noise(6));
  await net.forward();
  expect(net.blob("y").dataMem).toBe(net.blob("a").dataMem);
  expect(net.blob("y").diffMem).toBe(net.blob("a").diffMem);
});

test.each([
  ["order: 4", [2, 3], "order names axis 4. Expected an axis of bottom shape (2,3): 0 to 1."],
  ["order: 1 order: 1", [2, 3], "order names axis 1 twice"],
  ["", [], "bottom has no axes"],
])("Permute refuses %s of %j", (order, shape, message) => {
  const layer = `type: "Permute" bottom: "a" top: "y" permute_param { ${order} }`;
  expect(() => layerNet(layer, [shape])).toThrow(message);
});

test("Permute refuses other axes than it was built for", () => {
  const net = layerNet('type: "Permute" bottom: "a" top: "y" permute_param { order: 1 }', [[2, 3]]);
  net.blob("a").reshape([2, 3, 4]);
  expect(() => net.reshape()).toThrow("Expected 2 axes, as when the net was built.");
});
