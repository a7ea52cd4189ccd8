import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, layerNet } from "../../support/nets.ts";

const layer = (param: string): string =>
  `type: "SpaceToBatchND" bottom: "a" top: "y" space_to_batch_nd_param { ${param} }`;

describeEngines("SpaceToBatchND", (engines) => {
  test("deals places out to the batch", async () => {
    const net = layerNet(layer("block_shape: 2 paddings: 0 paddings: 1"), [[2, 3]], { engines });
    expect(await forward(net, [1, 2, 3, 4, 5, 6])).toEqual([[1, 3, 4, 6, 2, 0, 5, 0]]);
    expect(net.blob("y").shape).toEqual([4, 2]);
  });

  test("agrees with the reference", async () => {
    const param = "block_shape: 1 block_shape: 2 block_shape: 2 paddings: [0, 0, 2, 1, 2, 1]";
    await checkParity(engines, layer(param), [[2, 3, 5, 7]]);
  });
});

test.each([
  ["block_shape: 2", [2, 3]],
  ["block_shape: 2 paddings: 0 paddings: 0", [2, 3]],
  ["block_shape: 0 paddings: 0 paddings: 0", [2, 3]],
  ["block_shape: 1 block_shape: 1 paddings: [0, 0, 0, 0]", [2, 3]],
])("SpaceToBatchND refuses %s of %j", (param, shape) => {
  expect(() => layerNet(layer(param), [shape])).toThrow("do not fit bottom shape (2,3).");
});
