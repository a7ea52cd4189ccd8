import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, layerNet, netOf, noise, write } from "../../support/nets.ts";

const layer = (param: string): string =>
  `type: "BatchToSpaceND" bottom: "a" top: "y" batch_to_space_nd_param { ${param} }`;

describeEngines("BatchToSpaceND", (engines) => {
  test("puts places side by side again", async () => {
    const net = layerNet(layer("block_shape: 2 crops: 0 crops: 1"), [[4, 2]], { engines });
    expect(await forward(net, [1, 3, 4, 6, 2, 0, 5, 0])).toEqual([[1, 2, 3, 4, 5, 6]]);
  });

  test("agrees with the reference", async () => {
    const param = "block_shape: 1 block_shape: 2 block_shape: 2 crops: [0, 0, 2, 1, 0, 1]";
    await checkParity(engines, layer(param), [[8, 3, 5, 4]]);
  });
});

test("BatchToSpaceND undoes SpaceToBatchND", async () => {
  const net = netOf(`
    layer { name: "a" type: "Input" top: "a" input_param { shape { dim: 2 dim: 3 dim: 5 } } }
    layer { name: "b" type: "SpaceToBatchND" bottom: "a" top: "b"
      space_to_batch_nd_param { block_shape: 3 block_shape: 2 paddings: [1, 2, 0, 1] } }
    layer { name: "c" type: "BatchToSpaceND" bottom: "b" top: "c"
      batch_to_space_nd_param { block_shape: 3 block_shape: 2 crops: [1, 2, 0, 1] } }`);
  write(net.blob("a"), noise(30));
  await net.forward();
  expect(Array.from(net.blob("c").values())).toEqual(Array.from(net.blob("a").values()));
});

test.each([
  ["block_shape: 2", [4, 3]],
  ["block_shape: 3 crops: 0 crops: 0", [4, 3]],
  ["block_shape: 2 crops: 4 crops: 4", [4, 3]],
])("BatchToSpaceND refuses %s of %j", (param, shape) => {
  expect(() => layerNet(layer(param), [shape])).toThrow("do not fit bottom shape (4,3).");
});
