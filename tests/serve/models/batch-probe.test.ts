import { expect, test } from "vitest";
import { parseNetParameter } from "../../../src/io/text/read-net.ts";
import { Net } from "../../../src/net/net.ts";
import { BatchNets } from "../../../src/serve/models/batch-nets.ts";
import { whyAlone } from "../../../src/serve/models/batch-probe.ts";
import { silent } from "../../../src/util/log.ts";

/**
 * @param weights of both inner products: numbers from the first on, up to so much greater
 * @param unsettled how many passes of two rows give something else before they give what the net does
 */
async function whyIsAlone(
  layers: string,
  [least, spread]: readonly [number, number] = [0.02, 0.05],
  unsettled = 0,
): Promise<string | undefined> {
  const param = parseNetParameter(
    `name: "n" layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 784 } } } ${layers}`,
    "n.prototxt",
    silent,
  );
  const options = { phase: "TEST", forInference: true, log: silent } as const;
  using net = new Net(param, options);
  for (const { blob } of net.learnableParams) {
    blob.data.forEach((_, i, data) => {
      data[i] = least + ((Math.imul(i, 0x9e3779b1) >>> 8) / 2 ** 24) * spread;
    });
  }
  const nets = new BatchNets(net, param, options);
  try {
    let passes = 0;
    return await whyAlone(net, {
      run: async (inputs, rows) => {
        const outputs = await nets.run(inputs, rows);
        if (rows === 2 && passes++ < unsettled) {
          for (const { data } of Object.values(outputs)) data.fill(passes);
        }
        return outputs;
      },
    });
  } finally {
    nets.close();
  }
}

const product = (name: string, bottom: string, outputs: number) =>
  `layer { name: "${name}" type: "InnerProduct" bottom: "${bottom}" top: "${name}" inner_product_param { num_output: ${outputs} } }`;
const SCORES = `${product("a", "x", 500)} ${product("b", "a", 10)}`;
const SOFTMAX = `layer { name: "y" type: "Softmax" bottom: "b" top: "y" }`;

test("rows of a net of scores can run together", async () => {
  expect(await whyIsAlone(SCORES + SOFTMAX)).toBeUndefined();
});

/** Scores of 200,000 that differ by as much as their sums are rounded. */
const ROUNDED = [1, 1e-4] as const;

test("so can those of one that makes much of how sums are rounded", async () => {
  expect(await whyIsAlone(SCORES + SOFTMAX, ROUNDED)).toBeUndefined();
});

test("so can those of one whose first passes round otherwise, while algorithms are tried", async () => {
  expect(await whyIsAlone(SCORES + SOFTMAX, undefined, 3)).toBeUndefined();
  expect(await whyIsAlone(SCORES + SOFTMAX, undefined, 1000)).toMatch("is another each time");
});

test("those of one whose statistics are of a batch cannot, however scores are rounded", async () => {
  const layers = `${SCORES} layer { name: "y" type: "BatchNorm" bottom: "b" top: "y" batch_norm_param { use_global_stats: false } }`;
  expect(await whyIsAlone(layers)).toMatch("depends on the other rows");
  expect(await whyIsAlone(layers, ROUNDED)).toMatch("depends on the other rows");
});

test("those of one with a first axis that is fixed cannot", async () => {
  const layers = `${SCORES} layer { name: "y" type: "Reshape" bottom: "b" top: "y" reshape_param { shape { dim: 1 dim: -1 } } }`;
  expect(await whyIsAlone(layers)).toMatch('output "y" of two rows has shape (1,');
});
