import type { EngineNames } from "../engines/open.ts";
import type { NetParameter } from "../io/proto/caffe.ts";
import type { NetOptions } from "../net/options.ts";
import type { AllOptions, ArraysByName, PassOptions } from "../net/run/passes-by-name.ts";
import type { CopiedWeights } from "../net/weights/copy-weights.ts";
import type { Weights } from "../net/weights/weights.ts";
import type { FloatArray } from "../util/arrays.ts";
import type { BlobValue } from "../util/nd-array.ts";
import type { Shape } from "../util/shape.ts";

/** Options of a net that plain data can say. */
export type PlainNetOptions = Omit<NetOptions, "engines" | "registry" | "shard" | "log" | "silent">;

/** What the thread of a net begins with. */
export interface NetPlan {
  readonly source: string | NetParameter;
  readonly options: PlainNetOptions;
  readonly engine: EngineNames;
}

/** What a net in a thread says of itself. */
export interface NetFacts {
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly layerNames: readonly string[];
  /** The shapes of inputs and outputs. */
  readonly shapes: Readonly<Record<string, Shape>>;
}

/** A pass that it is asked for. */
export type PassQuestion =
  | {
      readonly pass: "forward" | "backward";
      readonly given: ArraysByName;
      readonly options: PassOptions;
    }
  | {
      readonly pass: "forwardAll";
      readonly given: ArraysByName;
      readonly options: Pick<AllOptions, "blobs">;
    };

/** What it is asked to do. */
export type NetQuestion =
  | PassQuestion
  | { readonly reshape: Readonly<Record<string, Shape>> }
  | { readonly weights: Weights };

/** What it answers. */
export interface NetAnswer {
  /** As the pass left them. */
  readonly shapes: NetFacts["shapes"];
  readonly blobs: Readonly<Record<string, BlobValue>>;
  readonly copied?: CopiedWeights;
  /** Memory of the arrays that were given, for those of the next pass. */
  readonly spent?: readonly ArrayBuffer[];
}

/** The memory of the arrays that a pass is given, which is handed from thread to thread. */
export function memoryGiven({ given }: PassQuestion): ArrayBuffer[] {
  return Object.values(given).map(({ data }) => (data as FloatArray).buffer as ArrayBuffer);
}
