/**
 * Loads a build of the library, which is WebAssembly: it compiles once; after that every call is synchronous.
 *
 * What it finds wrong with a file it writes to the console as it is while it loads; its errors say it too.
 */
export async function loadQuietly<T extends { readonly ready: Promise<unknown> }>(
  load: () => Promise<T>,
): Promise<T> {
  const { log, warn, error } = console;
  const quiet = (): void => {};
  Object.assign(console, { log: quiet, warn: quiet, error: quiet });
  try {
    const library = await load();
    await library.ready;
    return library;
  } finally {
    Object.assign(console, { log, warn, error });
  }
}

/** HDF5 notes when each object was made; the same content is to give the same bytes. */
export function withoutTime<T>(write: () => T): T {
  const { now } = Date;
  Date.now = () => 0;
  try {
    return write();
  } finally {
    Date.now = now;
  }
}
