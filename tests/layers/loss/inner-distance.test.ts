import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { forward, layerNet } from "../../support/nets.ts";

const learned = (param = ""): string =>
  `type: "InnerDistance" bottom: "a" top: "y" inner_distance_param { num_output: 2 ${param} } blobs { shape { dim: 2 dim: 2 } data: [0, 0, 3, 4] }`;

describeEngines("InnerDistance", (engines) => {
  test.each([
    ["", [1, 20, 25, 0], [-2, -8, 0, 0]],
    ['distance_type: "L1"', [1, 6, 7, 0], [0, -1, 0, 0]],
  ])("tells distances from every centre: %s", async (param, wanted, dx) => {
    const net = layerNet(learned(param), [[2, 2]], { engines, forceBackward: true });
    expect((await forward(net, [1, 0, 3, 4]))[0]).toBeAllClose(wanted);
    net.blob("y").diffMem.overwriteCpu().set([1, 1, 0, 0]);
    await net.backward();
    await net.toHost();
    expect(Array.from(net.blob("a").diffValues())).toBeAllClose(dx);
  });
});

test("InnerDistance moves the centres of the samples' own classes alone where that is asked for", async () => {
  const layer =
    'type: "InnerDistance" bottom: "a" bottom: "b" bottom: "c" top: "y" inner_distance_param { update_center_only: true }';
  const net = layerNet(layer, [[2, 1], [2, 1], [2]], { forceBackward: true });
  expect((await forward(net, [1, 5], [0, 3], [1, 1]))[0]).toBeAllClose([1, 4, 25, 4]);
  net.blob("y").diffMem.overwriteCpu().fill(1);
  await net.backward();
  expect(Array.from(net.blob("b").diffValues())).toEqual([0, 2 * (3 - 1) + 2 * (3 - 5)]);
  expect(Array.from(net.blob("a").diffValues())).toEqual([2 - 4, 10 + 4]);
});

test("InnerDistance adds a bias where it has a filler", async () => {
  const net = layerNet(
    `type: "InnerDistance" bottom: "a" top: "y" inner_distance_param { num_output: 2 bias_filler { value: 3 } }`,
    [[1, 2]],
    { forceBackward: true },
  );
  expect(await forward(net, [1, 2])).toEqual([[8, 8]]);
  net.blob("y").diffMem.overwriteCpu().set([1, -2]);
  await net.backward();
  expect(Array.from(net.learnableParams[1]?.blob.diffValues() ?? [])).toEqual([1, -2]);
});

test("InnerDistance gives learned centres the length 1", async () => {
  const net = layerNet(learned("normalize: true"), [[1, 2]]);
  expect((await forward(net, [0, 0]))[0]).toBeAllClose([0, 1]);
  expect(Array.from(net.learnableParams[0]?.blob.values() ?? [])).toBeAllClose([0, 0, 0.6, 0.8]);
});

test.each([
  ["transpose: true", "transpose is true. Expected false"],
  ['distance_type: "L3"', 'distance_type is L3. Expected "L1" or "L2"'],
  ["update_center_only: true", "1 bottoms, update_center_only true. Expected labels"],
])("InnerDistance refuses %s", (param, message) => {
  expect(() => layerNet(learned(param), [[1, 2]])).toThrow(message);
});

test.each([
  ['bottom: "a" top: "y"', [[1, 2]], "num_output is 0"],
  [
    'bottom: "a" bottom: "b" top: "y"',
    [
      [1, 2],
      [4, 3],
    ],
    "Expected 2 features of both",
  ],
  [
    'bottom: "a" bottom: "b" top: "y" inner_distance_param { num_output: 2 update_center_only: true }',
    [[2, 2], [3]],
    "3 labels, shape (3), for 2 samples",
  ],
])("InnerDistance refuses %s of shapes %j", (fields, shapes, message) => {
  expect(() => layerNet(`type: "InnerDistance" ${fields}`, shapes)).toThrow(message);
});
