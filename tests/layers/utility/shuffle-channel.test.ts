import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, layerNet } from "../../support/nets.ts";

const shuffle = (group: number): string =>
  `type: "ShuffleChannel" bottom: "a" top: "y" shuffle_channel_param { group: ${group} }`;

describeEngines("ShuffleChannel", (engines) => {
  test.each([
    [1, [0, 1, 2, 3, 4, 5]],
    [2, [0, 3, 1, 4, 2, 5]],
    [3, [0, 2, 4, 1, 3, 5]],
    [6, [0, 1, 2, 3, 4, 5]],
  ])("deals out %i groups", async (group, order) => {
    const net = layerNet(shuffle(group), [[2, 6, 1, 1]], { engines });
    const input = Array.from({ length: 12 }, (_, i) => i);
    expect(await forward(net, input)).toEqual([[...order, ...order.map((c) => c + 6)]]);
  });

  test("agrees with the reference", async () => {
    await checkParity(engines, shuffle(2), [[2, 4, 3, 2]]);
  });

  test("follows its bottom's shape", async () => {
    const net = layerNet(shuffle(2), [[1, 4]], { engines });
    net.blob("a").reshape([2, 2]);
    net.reshape();
    expect(await forward(net, [1, 2, 3, 4])).toEqual([[1, 2, 3, 4]]);
  });
});

test.each([
  ["group: 2", [2, 3]],
  ["group: 0", [2, 4]],
  ["group: 1", [4]],
])("ShuffleChannel refuses %s of a bottom of shape %j", (param, shape) => {
  const layer = `type: "ShuffleChannel" bottom: "a" top: "y" shuffle_channel_param { ${param} }`;
  expect(() => layerNet(layer, [shape])).toThrow("Expected a divisor of the channels");
});
