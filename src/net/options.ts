import { type Engines, someEngines } from "../engines/choose.ts";
import type { SideBySide } from "../layers/base/side-by-side.ts";
import type { LayerRegistry } from "../layers/registry.ts";
import type { DType } from "../util/arrays.ts";
import type { LogOptions } from "../util/log.ts";
import {
  aFunction,
  type OptionNames,
  oneOf,
  text,
  texts,
  whole,
  yesOrNo,
} from "../util/options.ts";
import type { Weights } from "./weights/weights.ts";

/** How a net is to be built; every option may be left out. */
export interface NetOptions extends LogOptions {
  /** What computes; the best of this machine by default. */
  readonly engines?: Engines;
  /** The net's own `state` by default, and TEST where it has none. */
  readonly phase?: "TRAIN" | "TEST";
  readonly level?: number;
  readonly stages?: readonly string[];
  /** Weights to begin with: a file, what `readCaffemodel` gave, or several of them (later ones win); see `Net.copyFrom`. */
  readonly weights?: Weights;
  /** Every random number of the net derives from it; what `setRandomSeed` was given, or 1, by default. */
  readonly seed?: number;
  /** Element type of every blob; f32 by default. f64 runs on the reference engine only. */
  readonly dtype?: DType;
  /**
   * bf16: layers that multiply and pass on (convolutions, inner products, pooling, normalization, sums, rectifiers…) keep their tops,
   * and the gradients that they give, as bfloat16, and multiply by weights rounded to it. Weights, history, statistics, losses and
   * sums stay floats. Without it the net's `default_forward_type` and a layer's `forward_type` decide; FLOAT16 there means f16 on a GPU,
   * and bf16 elsewhere.
   *
   * f16: the same in half precision, for GPUs; convolutions and inner products round what they multiply to it. Layers whose
   * `forward_type` is FLOAT keep and multiply floats.
   */
  readonly precision?: "f32" | "bf16" | "f16";
  /** Relative paths in the net start here; the current directory by default. */
  readonly root?: string;
  readonly registry?: LayerRegistry;
  /** Backward computes the gradients of inputs and parameters whether or not a loss wants them, as `force_backward: true` in the net does. */
  readonly forceBackward?: boolean;
  /** Backward will never run: more layers can be run as one. False by default. */
  readonly forwardOnly?: boolean;
  /**
   * The net is used, and nothing else: `forwardOnly` and `sharesMemory`, and its weights may lie as forward reads them fastest.
   * Outputs and inputs can be read as ever, and so can what a pass is asked for as `blobs` and what `keep` names; other blobs
   * between cannot. False by default.
   */
  readonly forInference?: boolean;
  /**
   * Gives up what no layer reads any more: gradients and data between layers once their backward has run, data that
   * backward does not read or makes again, and with `forwardOnly` all data between layers. These blobs then read as zeros.
   * False by default.
   */
  readonly sharesMemory?: boolean;
  /**
   * Runs neighbours as one where an engine can; true by default. The blobs hold the same numbers either way, but for the
   * `diff` of one that layers in place work on: that may be the gradient behind the last of them.
   */
  readonly fuse?: boolean;
  /** Which records of a TRAIN net this is to read, or which `batches` of a TEST net: of every `count` number `rank`. */
  readonly shard?: SideBySide;
}

/** The names of a net's options. */
export const netOptions: OptionNames<NetOptions> = {
  engines: someEngines,
  phase: oneOf("TRAIN", "TEST"),
  level: whole,
  stages: texts,
  weights: true,
  seed: whole,
  dtype: oneOf("f32", "f64"),
  precision: oneOf("f32", "bf16", "f16"),
  log: aFunction,
  silent: yesOrNo,
  root: text,
  registry: true,
  forceBackward: yesOrNo,
  forwardOnly: yesOrNo,
  forInference: yesOrNo,
  sharesMemory: yesOrNo,
  fuse: yesOrNo,
  shard: true,
};

/** The options with all that `forInference` stands for. */
export function withInference(options: NetOptions): NetOptions {
  return options.forInference ? { ...options, forwardOnly: true, sharesMemory: true } : options;
}
