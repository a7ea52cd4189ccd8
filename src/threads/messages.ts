import type { Failure } from "../util/failure.ts";
import type { Severity } from "../util/log.ts";

/** A question as it goes to a thread. */
export interface Asked<Question> {
  readonly number: number;
  readonly question: Question;
}

/** What comes from a thread: that it is open or why it is not, log lines, and answers by their questions' numbers. */
export type Told<Opened, Answer> =
  | { readonly kind: "open"; readonly opened: Opened }
  | { readonly kind: "failed"; readonly failure: Failure }
  | {
      readonly kind: "log";
      readonly severity: Severity;
      readonly source: string;
      readonly message: string;
    }
  | { readonly kind: "answer"; readonly number: number; readonly answer: Answer }
  | { readonly kind: "refused"; readonly number: number; readonly failure: Failure };
