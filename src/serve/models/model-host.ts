import type { Answer, Question } from "./messages.ts";
import type { ModelFacts } from "./model-plan.ts";
import type { SharedWeights } from "./shared-weights.ts";

/** An answer, and how long it took the net. */
export interface Timed {
  readonly answer: Answer;
  readonly milliseconds: number;
}

/** A model that is open somewhere and answers one question at a time. */
export interface ModelHost {
  readonly facts: ModelFacts;
  /** Its weights, where others are to use them. */
  readonly weights: SharedWeights;
  /** @throws CaffeError that refuses what was given; any other error is a bug or the end of its thread */
  ask(question: Question): Promise<Timed>;
  close(): Promise<void>;
}
