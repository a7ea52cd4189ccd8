import type { Engines } from "../engines/choose.ts";
import type { LayerRegistry } from "../layers/registry.ts";
import type { DType } from "../util/arrays.ts";
import type { Log } from "../util/log.ts";

/** How a net is to be built. */
export interface NetOptions {
  readonly engines: Engines;
  readonly phase: "TRAIN" | "TEST";
  readonly level?: number;
  readonly stages?: readonly string[];
  /** Every random number of the net derives from it; 1 by default. */
  readonly seed?: number;
  /** Element type of every blob; f32 by default. f64 runs on the reference engine only. */
  readonly dtype?: DType;
  readonly log?: Log;
  /** Relative paths in the net start here; the current directory by default. */
  readonly root?: string;
  readonly registry?: LayerRegistry;
  readonly shard?: { readonly rank: number; readonly count: number };
}
