import { type Datum, decodeDatum } from "../datum.ts";
import { openDatabase } from "../db/open.ts";

/** A record of a database: its Datum, or why it has none. */
export interface DatasetRecord {
  readonly key: string;
  readonly bytes: number;
  readonly datum: Datum | Error;
}

/**
 * The records of a database, in the order of their keys.
 * @throws FileError, FormatError where the database itself is damaged
 */
export function* recordsOf(path: string): Generator<DatasetRecord> {
  const db = openDatabase(path);
  const cursor = db.cursor();
  try {
    for (let record = cursor.next(); record; record = cursor.next()) {
      const { value } = record;
      const key = new TextDecoder().decode(record.key);
      yield { key, bytes: value.length, datum: tried(() => decodeDatum(value, "its Datum")) };
    }
  } finally {
    cursor.close();
    db.close();
  }
}

/** What comes of some work, or the error that it ended with. */
export function tried<T>(work: () => T): T | Error {
  try {
    return work();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
