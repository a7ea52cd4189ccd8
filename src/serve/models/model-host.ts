import type { Answer, OpenBefore, Question } from "./messages.ts";
import type { ModelFacts } from "./model-plan.ts";

/** An answer, and how long it took the net. */
export interface Timed {
  readonly answer: Answer;
  readonly milliseconds: number;
}

/** A model that is open somewhere and answers one question at a time. */
export interface ModelHost {
  readonly facts: ModelFacts;
  /** What other threads open the same model with, once it is known how fast it is; undefined where it ends before. */
  readonly tuned?: Promise<OpenBefore | undefined>;
  /** @throws CaffeError that refuses what was given; any other error is a bug or the end of its thread */
  ask(question: Question): Promise<Timed>;
  close(): Promise<void>;
}
