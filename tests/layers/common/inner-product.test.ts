import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, checkParity, forward, layerNet } from "../../support/nets.ts";

describeEngines("InnerProduct", (engines) => {
  test("weighs and adds the features of a sample", async () => {
    const net = layerNet(
      'type: "InnerProduct" bottom: "a" top: "y" inner_product_param { num_output: 2 weight_filler { value: 2 } bias_filler { value: 1 } }',
      [[2, 3]],
      { engines },
    );
    expect(await forward(net, [1, 2, 3, 4, 5, 6])).toEqual([[13, 13, 31, 31]]);
  });

  test.each([
    ["images", "num_output: 7", [3, 2, 4, 5]],
    ["transposed", "num_output: 5 transpose: true", [4, 6]],
    ["from axis 2", "num_output: 3 axis: 2 bias_term: false", [2, 3, 4]],
  ])("agrees with the reference: %s", async (_name, param, shape) => {
    const layer = `type: "InnerProduct" bottom: "a" top: "y" inner_product_param { ${param} weight_filler { type: "gaussian" } }`;
    await checkParity(engines, layer, [shape]);
  });
});

test.each(["num_output: 3", "num_output: 3 transpose: true bias_term: false"])(
  "the gradient of InnerProduct agrees with differences: %s",
  async (param) => {
    await checkGradient(
      `type: "InnerProduct" bottom: "a" top: "y" inner_product_param { ${param} }`,
      [[2, 2, 3]],
    );
  },
);

test("InnerProduct wants num_output, and the features it was set up for", () => {
  expect(() => layerNet('type: "InnerProduct" bottom: "a" top: "y"', [[2, 3]])).toThrow(
    'layer "t" (InnerProduct): inner_product_param.num_output is 0. Expected 1 or more.',
  );
  const net = layerNet(
    'type: "InnerProduct" bottom: "a" top: "y" inner_product_param { num_output: 1 }',
    [[2, 3]],
  );
  net.blob("a").reshape([2, 4]);
  expect(() => net.reshape()).toThrow(
    "bottom has 4 features per sample, shape (2,4) from axis 1 on. Expected 3",
  );
});
