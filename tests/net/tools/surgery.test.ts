import { expect, test } from "vitest";
import { Net } from "../../../src/net/net.ts";
import { fullyConvolutional } from "../../../src/net/tools/surgery.ts";
import { noise } from "../../support/nets.ts";

const TEXT = `
  layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 2 dim: 6 dim: 6 } } }
  layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
    convolution_param { num_output: 3 kernel_size: 3 weight_filler { type: "xavier" } } }
  layer { name: "ip1" type: "InnerProduct" bottom: "conv" top: "ip1"
    inner_product_param { num_output: 5 weight_filler { type: "xavier" } bias_filler { type: "gaussian" } } }
  layer { name: "relu" type: "ReLU" bottom: "ip1" top: "ip1" }
  layer { name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2"
    inner_product_param { num_output: 4 bias_term: false weight_filler { type: "xavier" } } }
  layer { name: "prob" type: "Softmax" bottom: "ip2" top: "prob" }`;

test("cast to convolutions, a net gives the same scores, and a map of them on a larger image", async () => {
  using net = Net.parse(TEXT);
  using full = new Net(fullyConvolutional(net));
  expect(full.layerNames).toEqual(["data", "conv", "ip1-conv", "relu", "ip2-conv", "prob"]);
  expect(full.params.get("ip1-conv")?.[0]?.shape).toEqual([5, 3, 4, 4]);
  const data = noise(2 * 6 * 6);
  const { prob } = await net.forward<"prob">({ data });
  const one = await full.forward<"prob">({ data });
  expect(one.prob.shape).toEqual([1, 4, 1, 1]);
  expect(one.prob.values()).toBeAllClose(prob.values());

  const large = noise(2 * 7 * 9, 5);
  const map = (await full.forward<"prob">({ data: { shape: [1, 2, 7, 9], data: large } })).prob;
  expect(map.shape).toEqual([1, 4, 2, 4]);
  const [row, column] = [1, 2];
  const part = Array.from({ length: 72 }, (_, i) => {
    const [c, y, x] = [Math.floor(i / 36), Math.floor(i / 6) % 6, i % 6];
    return large[(c * 7 + y + row) * 9 + x + column] ?? 0;
  });
  const there = (await net.forward<"prob">({ data: part })).prob;
  expect([0, 1, 2, 3].map((k) => map.at(0, k, row, column))).toBeAllClose(there.values());
});

test("a kernel may be oblong; what cannot be cast is said", () => {
  using net = Net.parse(
    `layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 1 dim: 2 dim: 3 } } }
     layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip" inner_product_param { num_output: 1 } }`,
  );
  expect(fullyConvolutional(net).layer?.[1]?.convolution_param).toMatchObject({
    kernel_h: 2,
    kernel_w: 3,
  });
  using along = Net.parse(
    `layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 2 dim: 3 } } }
     layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip" inner_product_param { num_output: 1 axis: 2 } }`,
  );
  expect(() => fullyConvolutional(along)).toThrow(
    'layer "ip": an inner product along axis 2 of shape (1,2,3) cannot be cast',
  );
});
