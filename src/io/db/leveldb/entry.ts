import { FormatError } from "../../../util/errors.ts";

/** What was once written or deleted under a key. */
export interface Entry {
  readonly key: Uint8Array;
  /** Later writes have higher numbers. */
  readonly sequence: number;
  readonly isDeleted: boolean;
  /** The bytes that were written. */
  value(): Uint8Array;
}

/** An entry as tables have it: eight bytes behind the key tell its number and whether it was deleted. */
export function entryOf(internal: Uint8Array, path: string, value: () => Uint8Array): Entry {
  const length = internal.length - 8;
  if (length < 0) {
    throw new FormatError(`${path}: a key is damaged. Expected a whole LevelDB database.`);
  }
  let sequence = 0;
  for (let i = 7; i > 0; i--) sequence = 256 * sequence + (internal[length + i] ?? 0);
  return {
    key: internal.subarray(0, length),
    sequence,
    isDeleted: internal[length] === 0,
    value,
  };
}

/** The order of entries: by key, and the latest of one key first. */
export function compareEntries(a: Entry, b: Entry): number {
  return Buffer.compare(a.key, b.key) || b.sequence - a.sequence;
}
