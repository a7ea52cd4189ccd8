import * as errors from "./errors.ts";

const { CaffeError } = errors;

/** An error on its way from one thread to another, which takes plain data alone. */
export interface Failure {
  readonly message: string;
  /** Whether it says what a user can do; any other is a bug. */
  readonly isCaffeError: boolean;
  /** What it has besides: the name of its class, its layer's name. */
  readonly fields: { readonly name?: string };
  readonly stack?: string | undefined;
}

/** An error, to be sent. */
export function failureOf(error: unknown): Failure {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  const isCaffeError = error instanceof CaffeError;
  return { message, isCaffeError, fields: isCaffeError ? { ...error } : {}, stack };
}

/** The error that was sent, of the class that it had. */
export function errorOf({ message, isCaffeError, fields, stack }: Failure): Error {
  if (!isCaffeError) {
    const error = new Error(message);
    if (stack !== undefined) error.stack = stack;
    return error;
  }
  const error = new CaffeError(message);
  // The message is whole already, where some of the classes would put a layer's name before it.
  const itsClass = Object.entries(errors).find(([name]) => name === fields.name)?.[1];
  if (itsClass) Object.setPrototypeOf(error, itsClass.prototype);
  return Object.assign(error, fields);
}
