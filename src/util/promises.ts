/** Whether something is to be awaited. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as { then?: unknown }).then === "function"
  );
}

/**
 * For what a user's function returned where nothing waits: a promise is refused, and if it is broken later it does not
 * end the process.
 */
export function doneAtOnce(returned: unknown, refuse: () => never): void {
  if (!isPromise(returned)) return;
  returned.then(undefined, () => {});
  refuse();
}
