import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { FloatArray } from "../../util/arrays.ts";
import type { Params } from "./unary.ts";

/** One update of one parameter: what every rule has in common. */
export interface UpdateStep {
  /** lr · lr_mult. */
  readonly rate: number;
  /** Factor on the gradient before decay is added: clipping and 1/iter_size. */
  readonly gradientScale: number;
  /** One element on the engine's device by which the gradient is multiplied too; only where clipping is found on the device. */
  readonly clipping?: SyncedMem;
  /** One element on the engine's device by which the rate is multiplied too; only where it is found on the device. */
  readonly rateFactor?: SyncedMem;
  /** weight_decay · decay_mult. */
  readonly decay: number;
  readonly regularization: "L1" | "L2";
}

/** The arrays that a rule keeps from step to step; a rule with one reads the first only. */
export type UpdateHistory = readonly [first: FloatArray, second: FloatArray];

/** How a solver turns a gradient into a step, in the language of each engine. */
export interface UpdateKernel<P extends Params = Params> {
  /** The `type` that a solver prototxt names it by. */
  readonly name: string;
  /** The letters of the arrays that it keeps from step to step: one or two. */
  readonly history: readonly string[];
  /** Decay is taken from the parameter itself and never enters the gradient. */
  readonly decoupledDecay?: true;
  /** The history holds rate · gradient: at rate 0 what is zero stays zero. */
  readonly historyHoldsRate?: true;
  /** The meaning: `g`, the gradient, becomes the amount to subtract from the parameter. */
  reference(n: number, rate: number, g: FloatArray, history: UpdateHistory, p: P): void;
  /** The same for one element in WGSL: statements over g, the letters of `history`, `rate`, and p's numbers as `p.name`. */
  readonly wgsl: string;
}
