import { CaffeError, DivergenceError } from "../util/errors.ts";

/** How a command can end, for scripts that look at `$?`. */
export const exitCodes = {
  /** It did what it was asked to; a run that a signal stopped after its snapshot counts too. */
  done: 0,
  /** An error that standard error names: input, files, flags, engines. */
  error: 1,
  /** An upgrade tool cannot read its input, as in Caffe. */
  unreadable: 2,
  /** Training diverged; the last good snapshot is there. Starting again as it is would diverge again. */
  diverged: 3,
} as const;

/** What each code means, in the order of their numbers. */
export const exitCodeTexts: Readonly<Record<number, string>> = {
  [exitCodes.done]: "done, or stopped by a signal after a snapshot",
  [exitCodes.error]: "an error, which standard error names",
  [exitCodes.unreadable]: "an upgrade tool cannot read its input",
  [exitCodes.diverged]: "training diverged (the loss is no number, or exploded)",
};

/** An error that ends a command with a code of its own. */
export class ExitError extends CaffeError {
  override readonly name = "ExitError";
  readonly exitCode: number;

  constructor(error: CaffeError, exitCode: number) {
    super(error.message, { cause: error });
    this.exitCode = exitCode;
  }
}

/** The code that an error ends a command with. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof ExitError) return error.exitCode;
  return error instanceof DivergenceError ? exitCodes.diverged : exitCodes.error;
}
