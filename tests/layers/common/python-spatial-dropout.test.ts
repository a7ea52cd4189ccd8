import { expect, test } from "vitest";
import { forward, layerNet } from "../../support/nets.ts";

const python = (param: string, top = "y"): string =>
  `type: "Python" bottom: "a" top: "${top}" python_param { module: "spatial_dropout" layer: "SpatialDropoutLayer" param_str: "${param}" }`;
const training = python("{\\'phase\\': \\'TRAIN\\', \\'p\\': \\'0.25\\'}");

test("ENet's spatial_dropout drops whole channels, and passes their gradients", async () => {
  const net = layerNet(training, [[10, 20, 3]], { forceBackward: true, phase: "TEST" });
  const [y = []] = await forward(net, new Array(600).fill(3));
  const values = Array.from(y);
  expect(values.every((value, i) => value === values[i - (i % 3)])).toBe(true);
  expect(new Set(values)).toEqual(new Set([0, 4]));
  const dropped = values.filter((value) => value === 0).length / 3;
  expect(dropped).toBeGreaterThan(25);
  expect(dropped).toBeLessThan(75);
  net.blob("y").diffMem.overwriteCpu().fill(3);
  await net.backward();
  await net.toHost();
  expect(Array.from(net.blob("a").diffValues())).toEqual(values);
});

test.each(["y", "a"])(
  "ENet's spatial_dropout scales in testing as it does in training: top %s",
  async (top) => {
    const net = layerNet(python("{'phase': 'TEST', 'p': '0.5'}", top), [[1, 3]], {
      forceBackward: true,
    });
    expect(await forward(net, [1, 2, 3])).toEqual([[2, 4, 6]]);
    net.blob(top).diffMem.overwriteCpu().set([1, 0, -1]);
    await net.backward();
    await net.toHost();
    expect(Array.from(net.blob("a").diffValues())).toEqual([2, 0, -2]);
  },
);

test("ENet's spatial_dropout goes on from its state", async () => {
  const net = layerNet(training, [[5, 10, 1]], { seed: 1 });
  const first = await forward(net, new Array(50).fill(1));
  const state = net.layers[1]?.state() ?? {};
  const second = await forward(net, new Array(50).fill(1));
  expect(second).not.toEqual(first);
  const resumed = layerNet(training, [[5, 10, 1]], { seed: 9 });
  await resumed.layers[1]?.restore(state);
  expect(await forward(resumed, new Array(50).fill(1))).toEqual(second);
});

test.each([
  ["{'phase': 'TRAIN'}", "Expected 'p': a number between 0 and 1"],
  ["{'phase': 'TRAIN', 'p': 1}", "Expected 'p': a number between 0 and 1"],
  ["{'phase': 'TRAIN', 'p': 'x'}", "Expected 'p': a number between 0 and 1"],
  ["{'p': 0.5}", "Expected 'phase': 'TRAIN' or 'TEST'"],
  ["{'q': 0.5}", "param_str has q. Expected phase, p"],
])("ENet's spatial_dropout refuses %s", (param, message) => {
  expect(() => layerNet(python(param), [[1, 3]])).toThrow(message);
});

test("ENet's spatial_dropout has one bottom", () => {
  expect(() =>
    layerNet(training.replace('bottom: "a"', 'bottom: "a" bottom: "b"'), [
      [1, 3],
      [1, 3],
    ]),
  ).toThrow("2 bottoms and 1 tops. Expected 1 and 1");
});
