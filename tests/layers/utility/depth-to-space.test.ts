import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, layerNet } from "../../support/nets.ts";

const layer = (param: string): string =>
  `type: "DepthToSpace" bottom: "a" top: "y" depth_to_space_param { ${param} }`;

describeEngines("DepthToSpace", (engines) => {
  test.each([
    ["NCHW", [1, 8, 1, 1], [0, 2, 4, 6, 1, 3, 5, 7]],
    ["DCR", [1, 8, 1, 1], [0, 2, 4, 6, 1, 3, 5, 7]],
    ["CRD", [1, 8, 1, 1], [0, 1, 2, 3, 4, 5, 6, 7]],
    ["NHWC", [1, 1, 2, 4], [0, 1, 4, 5, 2, 3, 6, 7]],
  ])("lays channels out as squares: %s", async (format, shape, want) => {
    const net = layerNet(layer(`block_size: 2 data_format: "${format}"`), [shape], { engines });
    expect(await forward(net, [0, 1, 2, 3, 4, 5, 6, 7])).toEqual([want]);
  });

  test("agrees with the reference", async () => {
    await checkParity(engines, layer('block_size: 3 data_format: "NCHW"'), [[2, 18, 3, 5]]);
  });
});

test.each([
  ['block_size: 2 data_format: "NCHW"', [1, 6, 1, 1], "channels its square divides"],
  ["", [1, 1, 1, 4], "block_size is 0"],
  ['block_size: 2 data_format: "X"', [1, 4, 1, 1], "data_format is X"],
])("DepthToSpace refuses %s of %j", (param, shape, message) => {
  expect(() => layerNet(layer(param), [shape])).toThrow(message);
});
