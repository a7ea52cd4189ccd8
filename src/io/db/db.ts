/** One record of a database. */
export interface DbRecord {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Goes through a database in key order, round and round. */
export interface DbCursor {
  /** The next record; the first again after the last. Its bytes hold until the following call. */
  next(): DbRecord;
  close(): void;
}

/** A database of records, open for reading. */
export interface Db {
  readonly path: string;
  /** How many records it holds; at least 1. */
  readonly count: number;
  /** A cursor whose first record is number `start` (modulo the count). */
  cursor(start: number): DbCursor;
  close(): void;
}

/** A database that is being written; its name appears when it is complete. */
export interface DbWriter {
  put(key: string, value: Uint8Array): Promise<void>;
  /** Flushes and gives the database its name. */
  finish(): Promise<void>;
  /** Throws away what was written. */
  abandon(): Promise<void>;
}
