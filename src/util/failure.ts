import { CaffeError } from "./errors.ts";

/** An error on its way from one thread to another, which takes plain data alone. */
export interface Failure {
  readonly message: string;
  /** Whether it says what a user can do; any other is a bug. */
  readonly isCaffeError: boolean;
  readonly stack?: string | undefined;
}

/** An error, to be sent. */
export function failureOf(error: unknown): Failure {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { message, isCaffeError: error instanceof CaffeError, stack };
}

/** The error that was sent. */
export function errorOf({ message, isCaffeError, stack }: Failure): Error {
  if (isCaffeError) return new CaffeError(message);
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
