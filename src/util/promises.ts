/** Whether something is to be awaited. */
function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as { then?: unknown }).then === "function"
  );
}

/**
 * For what a user's function returned where nothing waits for it: a promise is refused, and so is a generator, which has
 * not even begun. If the promise is broken later it does not end the process.
 */
export function doneAtOnce(returned: unknown, refuse: (kind: string) => never): void {
  if (typeof returned !== "object" || returned === null) return;
  if (isPromise(returned)) {
    returned.then(undefined, () => {});
    refuse("promise");
  }
  if (/Generator\]$/.test(Object.prototype.toString.call(returned))) refuse("generator");
}

/** A promise, and what settles it. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

/** A promise that others settle: `Promise.withResolvers`, which Node 20 lacks. */
export function deferred<T>(): Deferred<T> {
  let settle: Omit<Deferred<T>, "promise"> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, ...(settle as unknown as Omit<Deferred<T>, "promise">) };
}

/** Waits for work, so many milliseconds at most; it goes on, and its failure is heard by nobody then. */
export async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  work.catch(() => undefined);
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
