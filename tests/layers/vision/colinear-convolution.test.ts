import { expect, test } from "vitest";
import { parseNetParameter } from "../../../src/io/text/read-net.ts";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, layerNet } from "../../support/nets.ts";

const layer = (param: string): string =>
  `type: "ColinearConvolution" bottom: "a" top: "y" colinear_convolution_param { ${param} }`;
const ones =
  "quadratic_weight_filler { value: 1 } linear_weight_filler { value: 1 } bias_filler { value: 0.1 }";

describeEngines("ColinearConvolution", (engines) => {
  test.each([
    ["", 27 * 27 + 27 + 0.1],
    ["symmetric: true", 27 * 27 + 27 + 0.1],
    ["linear_term: false", 27 * 27 + 0.1],
    ["quadratic_term: false", 27 + 0.1],
    ["bias_term: false", 27 * 27 + 27],
  ])("counts all pairs, elements and the bias of a window of ones: %s", async (param, wanted) => {
    const net = layerNet(
      layer(`num_output: 2 kernel_size: 3 stride: 2 ${ones} ${param}`),
      [[2, 3, 6, 4]],
      { engines },
    );
    const [y] = await forward(net, new Array(144).fill(1));
    expect(y).toBeAllClose(new Array(8).fill(wanted));
    expect(net.blob("y").shape).toEqual([2, 2, 2, 1]);
  });

  test("weighs each pair", async () => {
    const blobs =
      "blobs { shape { dim: 1 } data: 5 } blobs { shape { dim: 1 dim: 2 dim: 1 dim: 1 } data: [1, -1] } blobs { shape { dim: 1 dim: 1 dim: 2 dim: 2 } data: [1, 2, 3, 4] }";
    const net = layerNet(`${layer("num_output: 1 kernel_size: 1")} ${blobs}`, [[1, 2, 1, 1]], {
      engines,
    });
    // 1·9 + 2·15 + 3·15 + 4·25 + 3 − 5 + 5, and with the upper one of the pair for both 9 + 60 + 100 + 3.
    expect((await forward(net, [3, 5]))[0]).toBeAllClose([187]);
    const symmetric = layerNet(
      `${layer("num_output: 1 kernel_size: 1 symmetric: true")} ${blobs}`,
      [[1, 2, 1, 1]],
      { engines },
    );
    expect((await forward(symmetric, [3, 5]))[0]).toBeAllClose([172]);
  });

  test("agrees with the reference", async () => {
    const fill = '{ type: "uniform" min: -1 max: 1 }';
    const param = `num_output: 3 kernel_size: 2 pad: 1 quadratic_weight_filler ${fill} linear_weight_filler ${fill}`;
    await checkParity(engines, layer(param), [[2, 2, 3, 3]]);
  });
});

test.each([
  ["kernel_size: 1", "num_output is 0"],
  ["num_output: 1", "has no kernel_size"],
  ["num_output: 2 kernel_size: 1 group: 2", "has group 2 and mask 0. Expected 1 and 0"],
  ["num_output: 2 kernel_size: 1 mask: 1", "has group 1 and mask 1. Expected 1 and 0"],
])("ColinearConvolution refuses %s", (param, message) => {
  expect(() => layerNet(layer(param), [[1, 2, 2, 2]])).toThrow(message);
});

test("ColinearConvolution is known by its old name", () => {
  const net = parseNetParameter(
    'layers { name: "conv" type: COLINEAR_CONVOLUTION bottom: "a" top: "y" blobs_lr: 1 blobs_lr: 2 colinear_convolution_param { num_output: 3 kernel_size: 2 } }',
    "test",
    () => {},
  );
  expect(net.layer?.[0]).toMatchObject({
    type: "ColinearConvolution",
    colinear_convolution_param: { num_output: 3, kernel_size: 2 },
    param: [{ lr_mult: 1 }, { lr_mult: 2 }],
  });
});
