import { FormatError } from "../util/errors.ts";
import type { WrittenPart } from "./readme-text.ts";

/** How making databases is told of, and stopped. */
export interface PartHooks {
  readonly onProgress: (done: number, total: number) => void;
  /** Asked now and then: throws to stop. */
  readonly check: () => void;
}

/**
 * Makes the database of each part from its list.
 * @param make makes one, tells how far it is, and says how many pictures it has left out
 * @param images where the pictures are from, for messages
 * @throws FormatError where pictures are left out, though all were readable before; what `make` throws
 */
export async function writePartDatabases(
  parts: readonly WrittenPart[],
  images: string,
  { onProgress, check }: PartHooks,
  make: (part: WrittenPart, tell: (done: number) => void) => Promise<{ readonly skipped: number }>,
): Promise<void> {
  const total = parts.reduce((sum, { count }) => sum + count, 0);
  let done = 0;
  for (const part of parts) {
    const { skipped } = await make(part, (inPart) => onProgress(done + inPart, total));
    check();
    if (skipped > 0) {
      throw new FormatError(
        `${images}: ${skipped} pictures have changed since they were read. Expected them to stay while this runs.`,
      );
    }
    done += part.count;
  }
}
