/** One record of a database. */
export interface DbRecord {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Goes through a database in key order; before the first record at the beginning. */
export interface DbCursor {
  /** The next record, or undefined behind the last. Its bytes hold until the following call. */
  next(): DbRecord | undefined;
  /** Passes over `count` records, fewer where the database ends before; returns how many. */
  skip(count: number): number;
  /** Back before the first record. */
  rewind(): void;
  /**
   * Record `index` in key order, where a database finds one without passing over those before it; `next` and `skip` have to
   * be preceded by `rewind` then.
   */
  pick?(index: number): DbRecord;
  close(): void;
}

/** The kinds of database that Caffe knows. */
export type Backend = "lmdb" | "leveldb";

/** A database of one record or more, open for reading. */
export interface Db {
  readonly path: string;
  readonly backend: Backend;
  /** How many records it holds, where that can be told without reading them all. */
  readonly count: number | undefined;
  cursor(): DbCursor;
  close(): void;
}

/** A database that is being written; its name appears when it is complete. */
export interface DbWriter {
  /** The last key that an interrupted run had written, where that run is continued. */
  readonly lastKey: string | undefined;
  /** Takes the value as it is now: the memory may be used again at once. */
  put(key: string, value: Uint8Array): Promise<void>;
  /** Flushes and gives the database its name. */
  finish(): Promise<void>;
  /** Flushes and leaves what was written for a later run to continue. */
  suspend(): Promise<void>;
  /** Throws away what was written. */
  abandon(): Promise<void>;
}
