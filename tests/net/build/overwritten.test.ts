import { describe, expect, test } from "vitest";
import type { Engines } from "../../../src/engines/choose.ts";
import type { Layer } from "../../../src/layers/base/layer.ts";
import type { Net } from "../../../src/net/net.ts";
import { describeEngines, referenceEngines } from "../../support/engines.ts";
import { netOf, noise, write } from "../../support/nets.ts";

/** Layers with a bottom of shape 3×4×2×2, but for one more bottom b. */
const LAYERS = [
  'type: "AbsVal"',
  'type: "BNLL"',
  'type: "BatchNorm"',
  'type: "BatchNorm" batch_norm_param { use_global_stats: true }',
  'type: "Bias"',
  'type: "Clip" clip_param { min: -0.5 max: 0.5 }',
  'type: "Concat" bottom: "b"',
  'type: "Convolution" convolution_param { num_output: 4 kernel_size: 1 weight_filler { type: "xavier" } }',
  'type: "Deconvolution" convolution_param { num_output: 4 kernel_size: 1 weight_filler { type: "xavier" } }',
  'type: "Dropout"',
  'type: "ELU"',
  'type: "Eltwise" bottom: "b"',
  'type: "Eltwise" bottom: "b" eltwise_param { operation: PROD }',
  'type: "Eltwise" bottom: "b" eltwise_param { operation: PROD stable_prod_grad: false }',
  'type: "Eltwise" bottom: "b" eltwise_param { operation: MAX }',
  'type: "Exp"',
  'type: "Im2col" convolution_param { kernel_size: 2 }',
  'type: "InnerProduct" inner_product_param { num_output: 4 weight_filler { type: "xavier" } }',
  'type: "LRN"',
  'type: "LRN" lrn_param { norm_region: WITHIN_CHANNEL local_size: 3 }',
  'type: "Log" log_param { shift: 3 }',
  'type: "MVN"',
  'type: "PReLU"',
  'type: "Pooling" pooling_param { kernel_size: 2 stride: 1 }',
  'type: "Pooling" pooling_param { kernel_size: 2 stride: 1 pool: AVE }',
  'type: "Power" power_param { power: 3 shift: 2 }',
  'type: "Power" power_param { power: 0.5 shift: 2 }',
  'type: "ReLU"',
  'type: "ReLU" relu_param { negative_slope: 0.1 }',
  'type: "Reduction" reduction_param { axis: 1 operation: SUMSQ }',
  'type: "Reduction" reduction_param { axis: 1 operation: ASUM }',
  'type: "SPP" spp_param { pyramid_height: 2 }',
  'type: "Scale"',
  'type: "Scale" bottom: "b" scale_param { axis: 0 bias_term: true }',
  'type: "Sigmoid"',
  'type: "Slice"',
  'type: "Softmax"',
  'type: "Swish"',
  'type: "TanH"',
  'type: "Tile" tile_param { tiles: 2 }',
  'type: "EuclideanLoss" bottom: "b"',
  'type: "SigmoidCrossEntropyLoss" bottom: "b"',
  'type: "HingeLoss" bottom: "l"',
  'type: "MultinomialLogisticLoss" bottom: "l"',
  'type: "SoftmaxWithLoss" bottom: "l" softmax_param { axis: 1 }',
];

const input = (name: string, ...shape: number[]): string =>
  `layer { name: "${name}" type: "Input" top: "${name}" input_param { shape { ${shape.map((dim) => `dim: ${dim}`).join(" ")} } } }`;

async function run(engines: Engines, text: string): Promise<Record<string, number[]>> {
  const labels = text.includes("SoftmaxWithLoss") ? [3, 2, 2] : [3];
  const net = netOf(
    `force_backward: true ${input("x", 3, 4, 2, 2)} ${text.includes('"b"') ? input("b", 3, 4, 2, 2) : ""} ${text.includes('"l"') ? input("l", ...labels) : ""} ${text}`,
    { engines, seed: 5 },
  );
  const results: Record<string, number[]> = {};
  net.learnableParams
    .filter(({ lrMult }) => lrMult !== 0)
    .forEach(({ blob }, i) => {
      write(blob, noise(blob.count(), 30 + i));
    });
  for (let pass = 0; pass < 2; pass++) {
    for (const name of net.inputs) {
      const blob = net.blob(name);
      write(
        blob,
        noise(blob.count(), pass + name.charCodeAt(0)).map(name === "x" ? (v) => v : Math.abs),
      );
    }
    await net.forward();
    for (const name of net.outputs) {
      if (net.lossWeights[net.layerIndex("t")]?.[0] && name === "y") continue;
      const { diffMem } = net.blob(name);
      diffMem.overwriteCpu().set(noise(diffMem.count, 9));
    }
    net.clearParamDiffs();
    await net.backward();
    await net.toHost();
    for (const name of net.inputs)
      if (name !== "l") results[`d${name} ${pass}`] = [...net.blob(name).diffValues()];
    net.learnableParams.forEach(({ blob }, i) => {
      results[`parameter ${i} ${pass}`] = [...blob.diffValues()];
    });
  }
  return results;
}

const layer = (text: string): string => {
  const [type = "", ...rest] = text.split(/ (?=\w+: "|\w+ \{)/);
  return `layer { name: "t" ${type} bottom: "x" ${rest.join(" ")} top: "y" }`;
};

/** Layers in place behind it, by what they overwrite. */
const sigmoid = (blob: string): string =>
  `layer { name: "s_${blob}" type: "Sigmoid" bottom: "${blob}" top: "${blob}" }`;
const relu = 'layer { name: "r" type: "ReLU" bottom: "y" top: "y" }';
const view = `layer { name: "f" type: "Flatten" bottom: "x" top: "f" } ${sigmoid("f")}`;

const cases = LAYERS.flatMap((text) => [
  ...(text.includes("Loss") ? [] : [[text, "top", `${relu} ${sigmoid("y")}`] as const]),
  [text, "bottom", view] as const,
]);

describeEngines(
  "where layers in place overwrite what a layer's backward may read",
  (engines, name) => {
    if (engines === referenceEngines) {
      test("the reference is what the others are compared with", () => {
        expect(name).toBe("reference");
      });
      return;
    }
    test.each(cases)("the gradient of %s is the reference's: its %s", async (text, _what, more) => {
      const whole = `${layer(text)} ${more}`;
      const [got, want] = [await run(engines, whole), await run(referenceEngines, whole)];
      for (const [key, values] of Object.entries(want)) {
        expect(got[key], key).toBeAllClose(values, { rtol: 1e-4, atol: 1e-4 });
      }
    });
  },
);

/** A net of that layer alone, its inputs filled. */
function alone(text: string): Net {
  const shapes = { x: [3, 4, 2, 2], b: [3, 4, 2, 2], l: [3] };
  if (text.includes("SoftmaxWithLoss")) shapes.l = [3, 2, 2];
  const names = (["x", "b", "l"] as const).filter((name) => layer(text).includes(`"${name}"`));
  const inputs = names.map((name) => input(name, ...shapes[name])).join(" ");
  const net = netOf(`force_backward: true ${inputs} ${layer(text)}`, {
    engines: referenceEngines,
    seed: 5,
  });
  for (const name of names) {
    const values = noise(net.blob(name).count(), name.charCodeAt(0));
    write(net.blob(name), name === "x" ? values : values.map(Math.abs));
  }
  return net;
}

/** Its gradients, where one blob's data is another in backward than it was in forward. */
async function gradientsOf(net: Net, changed?: string): Promise<number[]> {
  await net.forward();
  if (!net.lossWeights[net.layerIndex("t")]?.[0]) {
    const { diffMem } = net.blob("y");
    diffMem.overwriteCpu().set(noise(diffMem.count, 9));
  }
  if (changed) write(net.blob(changed), noise(net.blob(changed).count(), 77));
  await net.backward();
  const inputs = net.inputs.filter((name) => name !== "l").map((name) => net.blob(name));
  const own = net.learnableParams.filter(({ lrMult }) => lrMult !== 0).map(({ blob }) => blob);
  return [...inputs, ...own].flatMap((blob) => [...blob.diffValues()]);
}

describe("what a layer says that its backward reads is what changes its gradient", () => {
  test.each(LAYERS)("%s", async (text) => {
    const net = alone(text);
    const one = net.layers[net.layerIndex("t")] as Layer;
    const want = await gradientsOf(alone(text));
    const changes = async (blob: string): Promise<boolean> =>
      (await gradientsOf(alone(text), blob)).some((value, i) => !Object.is(value, want[i]));
    // What is kept for a layer may be read or not: that is the engine's affair.
    const told = { x: one.backwardReadsBottom(0), y: one.backwardReadsTop(0) };
    for (const [blob, reads] of Object.entries(told)) {
      if (reads !== "kept") expect(reads !== "nothing", blob).toBe(await changes(blob));
    }
  });
});
