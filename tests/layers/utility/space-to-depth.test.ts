import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, layerNet, netOf, noise, write } from "../../support/nets.ts";

const layer = (param: string): string =>
  `type: "SpaceToDepth" bottom: "a" top: "y" space_to_depth_param { ${param} }`;

describeEngines("SpaceToDepth", (engines) => {
  test.each([
    ["NCHW", [1, 1, 2, 4], [0, 2, 1, 3, 4, 6, 5, 7]],
    ["NHWC", [1, 2, 4, 1], [0, 1, 4, 5, 2, 3, 6, 7]],
  ])("makes channels of squares: %s", async (format, shape, want) => {
    const net = layerNet(layer(`block_size: 2 data_format: "${format}"`), [shape], { engines });
    expect(await forward(net, [0, 1, 2, 3, 4, 5, 6, 7])).toEqual([want]);
  });

  test("agrees with the reference", async () => {
    await checkParity(engines, layer('block_size: 3 data_format: "NCHW"'), [[2, 2, 9, 6]]);
  });
});

test("DepthToSpace undoes SpaceToDepth", async () => {
  const net = netOf(`
    layer { name: "a" type: "Input" top: "a" input_param { shape { dim: 2 dim: 3 dim: 4 dim: 6 } } }
    layer { name: "b" type: "SpaceToDepth" bottom: "a" top: "b"
      space_to_depth_param { block_size: 2 data_format: "NCHW" } }
    layer { name: "c" type: "DepthToSpace" bottom: "b" top: "c"
      depth_to_space_param { block_size: 2 data_format: "NCHW" } }`);
  write(net.blob("a"), noise(144));
  await net.forward();
  expect(Array.from(net.blob("c").values())).toEqual(Array.from(net.blob("a").values()));
});

test.each([
  ['block_size: 2 data_format: "NCHW"', [1, 1, 3, 2], "rows and columns it divides"],
  ['block_size: 1 data_format: "CRD"', [1, 1, 2, 2], "data_format is CRD"],
])("SpaceToDepth refuses %s of %j", (param, shape, message) => {
  expect(() => layerNet(layer(param), [shape])).toThrow(message);
});
