import type { Severity } from "../../util/log.ts";
import type { ModelFacts } from "./model-plan.ts";
import type { Tensors } from "./tensors.ts";

/** A pass that a model is asked for. */
export interface Question {
  readonly inputs: Tensors;
  /** How many rows the inputs have; 0 for a net whose rows cannot be joined. */
  readonly rows: number;
}

/** What it answers: the outputs. */
export type Answer = Tensors;

/** A question as it goes to a thread. */
export interface Asked {
  readonly number: number;
  readonly question: Question;
}

/** What comes from a thread: that the model is open or why it is not, log lines, and answers by their questions' numbers. */
export type Told =
  | { readonly kind: "open"; readonly facts: ModelFacts }
  | { readonly kind: "failed"; readonly failure: Failure }
  | {
      readonly kind: "log";
      readonly severity: Severity;
      readonly source: string;
      readonly message: string;
    }
  | {
      readonly kind: "answer";
      readonly number: number;
      readonly answer: Answer;
      readonly milliseconds: number;
    }
  | { readonly kind: "refused"; readonly number: number; readonly failure: Failure };

/** An error on its way from a thread. */
export interface Failure {
  readonly message: string;
  /** It is about what was given; anything else is a bug. */
  readonly isCaffeError: boolean;
  readonly stack?: string | undefined;
}
