// NaN and infinity on the GPU, in every primitive.
import { expect, test } from "vitest";
import type { Engines } from "../../../src/engines/choose.ts";
import { createEngines } from "../../../src/engines/create.ts";
import { silent } from "../../../src/util/log.ts";
import { referenceEngines } from "../../support/engines.ts";
import { layerNet, noise, write } from "../../support/nets.ts";
import { describeGpu, theGpu } from "./support.ts";

const SPECIAL = [Number.NaN, Infinity, -Infinity, -0, 0, -1, 1e30, -1e30];
const SAMPLES = SPECIAL.length;

/** What tells a value from an ordinary number. */
const kindOf = (value: number): string => (Number.isFinite(value) ? "finite" : String(value));

/** Layers that work on each sample by itself: a type, and its parameters. */
const APART = [
  "AbsVal",
  "BNLL",
  "Clip clip_param { min: -2 max: 2 }",
  "ELU",
  "Exp",
  "Exp exp_param { base: 2 scale: -0.5 shift: 1 }",
  "Log",
  "Log log_param { base: 10 scale: -1 }",
  "Power power_param { power: 2 }",
  "Power power_param { power: 3 shift: 0.5 }",
  "Power power_param { power: 0.5 scale: 2 }",
  "Power power_param { power: -1 }",
  "Power power_param { power: -1.5 }",
  "Power power_param { power: 0 }",
  "Power power_param { scale: 3 shift: 1 }",
  "PReLU",
  "ReLU",
  "ReLU relu_param { negative_slope: 0.1 }",
  "Sigmoid",
  "Swish",
  "Swish swish_param { beta: -2 }",
  "TanH",
  "Threshold",
  "Dropout",
  "Bias",
  "Scale",
  "Scale scale_param { bias_term: true }",
  "Softmax",
  "LRN lrn_param { local_size: 3 }",
  "LRN lrn_param { local_size: 3 norm_region: WITHIN_CHANNEL }",
  "MVN",
  "MVN mvn_param { normalize_variance: false }",
  "BatchNorm batch_norm_param { use_global_stats: true }",
  "Pooling pooling_param { kernel_size: 2 }",
  "Pooling pooling_param { kernel_size: 2 stride: 2 pool: AVE }",
  "Reduction reduction_param { axis: 1 }",
  "Reduction reduction_param { axis: 1 operation: ASUM }",
  "Reduction reduction_param { axis: 1 operation: SUMSQ }",
  "Reduction reduction_param { axis: 1 operation: MEAN }",
  'InnerProduct inner_product_param { num_output: 3 weight_filler { type: "xavier" } }',
  'Convolution convolution_param { num_output: 4 kernel_size: 2 weight_filler { type: "xavier" } }',
  'Deconvolution convolution_param { num_output: 4 kernel_size: 2 weight_filler { type: "xavier" } }',
  "Flatten",
  "Tile tile_param { tiles: 2 }",
];

/** Layers that add samples up, or hand on from one to the next: their text and the shapes of their bottoms. */
const TOGETHER: readonly (readonly [layer: string, shapes: readonly (readonly number[])[]])[] = [
  ['type: "BatchNorm" bottom: "a"', [[3, 2, 3]]],
  [
    'type: "EuclideanLoss" bottom: "a" bottom: "b"',
    [
      [3, 2],
      [3, 2],
    ],
  ],
  ['type: "HingeLoss" bottom: "a" bottom: "b"', [[3, 2], [3]]],
  ['type: "HingeLoss" bottom: "a" bottom: "b" hinge_loss_param { norm: L2 }', [[3, 2], [3]]],
  ['type: "MultinomialLogisticLoss" bottom: "a" bottom: "b"', [[3, 2], [3]]],
  ['type: "InfogainLoss" bottom: "a" bottom: "b" bottom: "c"', [[3, 2], [3], [2, 2]]],
  [
    'type: "SigmoidCrossEntropyLoss" bottom: "a" bottom: "b"',
    [
      [3, 2],
      [3, 2],
    ],
  ],
  ['type: "SoftmaxWithLoss" bottom: "a" bottom: "b"', [[3, 2], [3]]],
  ['type: "SoftmaxWithLoss" bottom: "a" bottom: "b"', [[3, 80], [3]]],
  ['type: "ContrastiveLoss" bottom: "a" bottom: "b" bottom: "c"', [[3, 2], [3, 2], [3]]],
  [
    'type: "LSTM" bottom: "a" bottom: "b" recurrent_param { num_output: 2 weight_filler { type: "xavier" } }',
    [
      [3, 1, 2],
      [3, 1],
    ],
  ],
  [
    'type: "RNN" bottom: "a" bottom: "b" recurrent_param { num_output: 2 weight_filler { type: "xavier" } }',
    [
      [3, 1, 2],
      [3, 1],
    ],
  ],
];

/** Top, gradients and parameters' gradients of one layer whose first bottom holds those values at those places. */
async function run(
  engines: Engines,
  layer: string,
  shapes: readonly (readonly number[])[],
  values: ReadonlyMap<number, number>,
): Promise<Record<string, number[]>> {
  const net = layerNet(`${layer} top: "y"`, shapes, { engines });
  shapes.forEach((_, i) => {
    const blob = net.blob("abc"[i] ?? "");
    // Labels and targets: numbers between 0 and 1.
    write(blob, noise(blob.count(), 5 + i).map(i === 0 ? (x) => x : Math.abs));
    if (i === 0) for (const [at, value] of values) blob.data[at] = value;
  });
  await net.forward();
  const y = net.blob("y");
  if (!net.lossWeights.at(-1)?.[0]) y.diffMem.overwriteCpu().set(noise(y.count(), 40));
  net.clearParamDiffs();
  await net.backward();
  await net.toHost();
  return Object.fromEntries([
    ["y", [...y.values()]],
    ["da", [...net.blob("a").diffValues()]],
    ...net.learnableParams.map(({ blob }, i) => [`d parameter ${i}`, [...blob.diffValues()]]),
  ]);
}

/** Expects infinities and what is no number where the reference has them, and nowhere else. */
async function compare(
  ...what: Parameters<typeof run> extends [Engines, ...infer Rest] ? Rest : never
): Promise<void> {
  const engines = createEngines({ gpu: theGpu(), log: silent });
  const [got, want] = [await run(engines, ...what), await run(referenceEngines, ...what)];
  const differing = Object.entries(want).flatMap(([name, values]) =>
    values.flatMap((value, i) => {
      const other = got[name]?.[i] ?? Number.NaN;
      return kindOf(value) === kindOf(other) ? [] : [`${name}[${i}]: ${other}, not ${value}`];
    }),
  );
  expect(differing).toEqual([]);
}

describeGpu("what is no number, or infinite, on the GPU", () => {
  test.each(APART)("%s", async (text) => {
    const [type = "", ...param] = text.split(" ");
    const values = new Map(SPECIAL.map((value, n) => [24 * n, value]));
    await compare(`type: "${type}" bottom: "a" ${param.join(" ")}`, [[SAMPLES, 2, 3, 4]], values);
  });

  test.each(["SUM", "PROD", "MAX"])("Eltwise %s", async (operation) => {
    const text = `type: "Eltwise" eltwise_param { operation: ${operation} }`;
    for (const bottoms of ["abc", "bac", "bca"]) {
      const layer = `${text} ${[...bottoms].map((name) => `bottom: "${name}"`).join(" ")}`;
      await compare(layer, [[SAMPLES], [SAMPLES], [SAMPLES]], new Map(SPECIAL.entries()));
    }
  });

  test.each(TOGETHER)("%s", async (layer, shapes) => {
    for (const value of SPECIAL) await compare(layer, shapes, new Map([[1, value]]));
  });
});
