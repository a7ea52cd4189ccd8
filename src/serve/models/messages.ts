import type { Failure } from "../../util/failure.ts";
import type { ModelFacts, ModelPlan } from "./model-plan.ts";
import type { SharedWeights } from "./shared-weights.ts";
import type { Tensors } from "./tensors.ts";

/** What a model is asked: a pass, or what a picture shows. */
export interface Question {
  readonly inputs: Tensors;
  /** How many rows the inputs have; 0 for what cannot share a pass. */
  readonly rows: number;
  /** Pictures in place of inputs. */
  readonly pictures?: readonly Picture[];
}

/** In place of a question: one step of tuning. The answer is what is known of the model when all are done. */
export interface Tune {
  readonly tune: true;
}

/** A picture's file, and what is to be said of it. */
export interface Picture {
  readonly bytes: Uint8Array;
  /** How many classes of a classifier are told. */
  readonly top: number;
  /** The mean over ten crops in place of the centre. */
  readonly oversample: boolean;
  /** The classes of a segmenter's pixels as a PNG. */
  readonly mask: boolean;
}

/** What it answers: the outputs, or what each picture shows. */
export interface Answer {
  readonly outputs: Tensors;
  readonly shown?: readonly Shown[];
}

/** What a picture shows, or why it cannot be said. */
export type Shown = { readonly said: object } | { readonly failure: Failure };

/** A model that is open already, whose weights another thread uses too. */
export interface OpenBefore {
  readonly facts: ModelFacts;
  readonly weights: SharedWeights;
}

/** What a thread begins with. */
export interface ThreadData {
  readonly plan: ModelPlan;
  /** Whether others will use its weights, unless its passes are short. */
  readonly isShared: boolean;
  readonly before: OpenBefore | undefined;
}
