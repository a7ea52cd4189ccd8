import { type Engines, someEngines } from "../engines/choose.ts";
import type { LayerRegistry } from "../layers/registry.ts";
import { type NetOptions, netOptions } from "../net/options.ts";
import type { LogOptions } from "../util/log.ts";
import { aFunction, type OptionNames, text, texts, whole, yesOrNo } from "../util/options.ts";
import type { Workers } from "./workers.ts";

/** How a solver is to be made; every option may be left out. */
export interface SolverOptions extends LogOptions {
  /** What computes; the best of this machine by default. */
  readonly engines?: Engines;
  /** The solver's file, for messages and for the default of `snapshot_prefix`, where the solver is an object. */
  readonly file?: string;
  /** Added to the train net's state, as `--level` and `--stage` ask. */
  readonly level?: number;
  readonly stages?: readonly string[];
  /** Weights to begin from, in place of the solver's own `weights`. */
  readonly weights?: readonly string[];
  /**
   * A snapshot will be restored: weights are read only where a test net has parameters that the train net, and so the
   * snapshot, lacks. False by default.
   */
  readonly isResumed?: boolean;
  /** What the nets' arrays are kept as, as `NetOptions.precision`; `solver_data_type: FLOAT16` asks for f16 or bf16 as a net's own field does. */
  readonly precision?: NetOptions["precision"];
  /** Relative paths in nets start here; the current directory by default. */
  readonly root?: string;
  readonly registry?: LayerRegistry;
  /**
   * The nets give up what training does not read any more: data and gradients between layers, and, unless `snapshot_diff` asks for
   * them, gradients of parameters after their update, which follows each layer's backward at once where no guest has
   * `onGradientsReady`. These then read as zeros. False by default; `caffe train` does it, where no program can read them.
   */
  readonly sharesMemory?: boolean;
  /** Solvers in other processes that train the same net; each reads its share of the records. Alone by default. */
  readonly workers?: Workers;
}

/** The names of a solver's options. */
export const solverOptions: OptionNames<SolverOptions> = {
  engines: someEngines,
  log: aFunction,
  silent: yesOrNo,
  file: text,
  level: whole,
  stages: texts,
  weights: texts,
  isResumed: yesOrNo,
  precision: netOptions.precision,
  root: text,
  registry: true,
  sharesMemory: yesOrNo,
  workers: true,
};
