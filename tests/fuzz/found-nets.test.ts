import { describe, expect, test } from "vitest";
import { parsePrototxt } from "../../src/io/text/prototxt.ts";
import { countOf } from "../../src/util/shape.ts";
import { describeEngines } from "../support/engines.ts";
import { checkCase, waysOf } from "./nets/check-case.ts";
import type { FuzzCase, Given, Pass } from "./nets/fuzz-case.ts";
import { inputLayer } from "./nets/sketch.ts";

/** A net that once went wrong on some engine: its inputs, `SHAPE: VALUES` by name, and its layers. */
interface Found {
  readonly inputs: Readonly<Record<string, string>>;
  readonly layers: string;
  readonly phase?: "TRAIN" | "TEST";
  /** How many there are; every other one is of the negated numbers. */
  readonly passes?: number;
}

const found: Readonly<Record<string, Found>> = {
  "a loss behind a view, in two passes": {
    inputs: { x: "1x2: 0.5 -1" },
    layers: `layer { name: "conv" type: "Convolution" bottom: "x" top: "y" convolution_param { num_output: 1 } }
      layer { name: "flat" type: "Flatten" bottom: "y" top: "z" loss_weight: 1 }`,
    passes: 2,
  },
  "a rectifier in place before a view that is a loss, in two passes": {
    inputs: { x: "2: -1 -1", z: "2: 3 -3" },
    layers: `layer { name: "sum" type: "Eltwise" bottom: "x" bottom: "z" top: "y" }
      layer { name: "relu" type: "ReLU" bottom: "y" top: "y" }
      layer { name: "view" type: "Reshape" bottom: "y" top: "v" loss_weight: 3 reshape_param { num_axes: 0 } }`,
    passes: 2,
  },
  "TanH, a rectifier in place, and the greatest of its results": {
    inputs: { x: "1x1x2x2: 0.5 -1 2 0.25" },
    layers: `layer { name: "conv" type: "Convolution" bottom: "x" top: "y" convolution_param { num_output: 3 kernel_size: 1 } }
      layer { name: "tanh" type: "TanH" bottom: "y" top: "z" }
      layer { name: "relu" type: "ReLU" bottom: "z" top: "z" }
      layer { name: "pool" type: "Pooling" bottom: "z" top: "p" loss_weight: 1 pooling_param { global_pooling: true } }`,
  },
  "a loss that is a view of a parameter, in two passes": {
    inputs: {},
    layers: `layer { name: "p" type: "Parameter" top: "p" parameter_param { shape { dim: 4 dim: 3 } } }
      layer { name: "flat" type: "Flatten" bottom: "p" top: "z" loss_weight: 1 }`,
    passes: 2,
  },
  "a convolution along another axis, BatchNorm behind it": {
    inputs: { x: "1x1x1x3: 0.5 -1 2" },
    layers: `layer { name: "conv" type: "Convolution" bottom: "x" top: "y" convolution_param { num_output: 2 kernel_size: 3 axis: 2 } }
      layer { name: "bn" type: "BatchNorm" bottom: "y" top: "y" batch_norm_param { use_global_stats: true } }`,
    phase: "TEST",
  },
  "BatchNorm with given statistics of an infinity, ReLU behind it": {
    inputs: { x: "1x1x2x2: 0 -1 2 Infinity" },
    layers: `layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" batch_norm_param { use_global_stats: true } }
      layer { name: "relu" type: "ReLU" bottom: "y" top: "y" }`,
  },
  "BatchNorm of an infinity keeps its mean": {
    inputs: { x: "1x1x1: Infinity" },
    layers: 'layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" }',
  },
  "BatchNorm and Scale of no images": {
    inputs: { x: "0x1x1x1:" },
    layers: `layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" }
      layer { name: "scale" type: "Scale" bottom: "y" top: "y" scale_param { bias_term: true } }`,
  },
  "Scale of nothing by a number": {
    inputs: { x: "0x1:", factor: ": 2" },
    layers: 'layer { name: "scale" type: "Scale" bottom: "x" bottom: "factor" top: "y" }',
  },
  "Slice with an empty part": {
    inputs: { x: "1x1x3: 1 -2 3" },
    layers: `layer { name: "slice" type: "Slice" bottom: "x" top: "a" top: "b" top: "c" slice_param { axis: 2 slice_point: 2 slice_point: 3 } }`,
  },
  "an ignored label whose scores are not finite": {
    inputs: { x: "1x2x2: -Infinity -9 -Infinity -3", label: "1x2: 1 0" },
    layers: `layer { name: "loss" type: "SoftmaxWithLoss" bottom: "x" bottom: "label" top: "loss" loss_param { ignore_label: 1 } }`,
  },
  "MVN of equal numbers": {
    inputs: { x: "1x1x3x3: 0.7 0.7 0.7 0.7 0.7 0.7 0.7 0.7 0.7" },
    layers: 'layer { name: "mvn" type: "MVN" bottom: "x" top: "y" }',
  },
  "MVN of an infinity, without a deviation": {
    inputs: { x: "1x1x1x5: 0 -1 0 1 -Infinity" },
    layers:
      'layer { name: "mvn" type: "MVN" bottom: "x" top: "y" mvn_param { normalize_variance: false } }',
  },
  "a loss of NaN whose gradient is nothing": {
    inputs: { x: "1x2x2: 1 0 NaN -1", label: "1x2: 0 0" },
    layers: `layer { name: "loss" type: "SoftmaxWithLoss" bottom: "x" bottom: "label" top: "loss" }
      layer { name: "threshold" type: "Threshold" bottom: "loss" top: "loss" }`,
  },
  "PReLU above zero whose gradient is NaN": {
    inputs: { x: "1x2: 1 1", z: "1x2: 1 NaN" },
    layers: `layer { name: "prelu" type: "PReLU" bottom: "x" top: "y" }
      layer { name: "product" type: "Eltwise" bottom: "y" bottom: "z" top: "p" eltwise_param { operation: PROD } }`,
  },
  "ELU whose result is overwritten": {
    inputs: { x: "1x2: 0 -1" },
    layers: `layer { name: "elu" type: "ELU" bottom: "x" top: "y" }
      layer { name: "exp" type: "Exp" bottom: "y" top: "y" }`,
  },
  "the mean that STOCHASTIC pooling would draw, of numbers below zero": {
    inputs: { x: "1x1x2x1: 1 -1" },
    layers:
      'layer { name: "pool" type: "Pooling" bottom: "x" top: "y" pooling_param { pool: STOCHASTIC kernel_size: 1 } }',
    phase: "TEST",
  },
  "BNLL far below zero": {
    inputs: { x: "2x2: 3 1 -5 -12" },
    layers: 'layer { name: "bnll" type: "BNLL" bottom: "x" top: "y" }',
  },
  "SPP of no images": {
    inputs: { x: "0x1x2x2:" },
    layers:
      'layer { name: "spp" type: "SPP" bottom: "x" top: "y" spp_param { pyramid_height: 2 } }',
  },
  "global pooling of images without pixels": {
    inputs: { x: "1x1x1x0:" },
    layers:
      'layer { name: "pool" type: "Pooling" bottom: "x" top: "y" pooling_param { global_pooling: true } }',
  },
  "ArgMax over rows of which a Filter leaves none": {
    inputs: { x: "1x1: 4", selector: "1: 0" },
    layers: `layer { name: "filter" type: "Filter" bottom: "x" bottom: "selector" top: "y" }
      layer { name: "argmax" type: "ArgMax" bottom: "y" top: "z" argmax_param { axis: 0 } }`,
  },
  "ArgMax of no positions": {
    inputs: { x: "1x0x1:" },
    layers: 'layer { name: "argmax" type: "ArgMax" bottom: "x" top: "y" argmax_param { axis: 0 } }',
  },
};

function caseOf({ inputs, layers, phase = "TRAIN", passes = 1 }: Found): FuzzCase {
  const given = Object.entries(inputs).map(([name, text]): [string, Given] => {
    const [dims = "", values = ""] = text.split(":");
    const numbers = (list: string, separator: string): number[] =>
      list.trim() === "" ? [] : list.trim().split(separator).map(Number);
    const one = { shape: numbers(dims, "x"), values: numbers(values, " ").map(Math.fround) };
    expect(one.values, text).toHaveLength(countOf(one.shape));
    return [name, one];
  });
  const sources = given.map(([name, { shape }]) => inputLayer({ name, shape }));
  const { layer = [] } = parsePrototxt("NetParameter", layers);
  const passOf = (n: number): Pass => ({
    inputs: Object.fromEntries(
      given.map(([name, { shape, values }]) => [
        name,
        { shape, values: values.map((x) => (n % 2 === 0 ? x : -x)) },
      ]),
    ),
    accumulates: false,
  });
  return {
    seed: 1,
    phase,
    param: { force_backward: true, layer: [...sources, ...layer] },
    passes: Array.from({ length: passes }, (_, n) => passOf(n)),
  };
}

describeEngines("nets that were found by drawing them at random", (engines, name) => {
  describe.each(Object.entries(found))("%s", (_, one) => {
    test("gives the reference's numbers, fused and not, with memory shared and not", async () => {
      expect(await checkCase(caseOf(one), waysOf(new Map([[name, engines]])))).toBeUndefined();
    });
  });
});
