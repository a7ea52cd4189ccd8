import type { EngineNames } from "../engines/open.ts";
import type { NetParameter } from "../io/proto/caffe.ts";
import type { NetOptions } from "../net/options.ts";
import type { AllOptions, ArraysByName, PassOptions } from "../net/run/passes-by-name.ts";
import type { CopiedWeights } from "../net/weights/copy-weights.ts";
import type { Weights } from "../net/weights/weights.ts";
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

/** What it is asked to do. */
export type NetQuestion =
  | {
      readonly pass: "forward" | "backward";
      readonly given: ArraysByName;
      readonly options: PassOptions;
    }
  | {
      readonly pass: "forwardAll";
      readonly given: ArraysByName;
      readonly options: Pick<AllOptions, "blobs">;
    }
  | { readonly reshape: Readonly<Record<string, Shape>> }
  | { readonly weights: Weights };

/** What it answers. */
export interface NetAnswer {
  /** As the pass left them. */
  readonly shapes: NetFacts["shapes"];
  readonly blobs: Readonly<Record<string, BlobValue>>;
  readonly copied?: CopiedWeights;
}
