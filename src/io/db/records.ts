import { type Datum, decodeDatum } from "../proto/datum.ts";
import { openDatabase } from "./open.ts";

/** A record of a database as it lies there. Its bytes hold until the next is asked for. */
export interface RawRecord {
  readonly key: string;
  readonly value: Uint8Array;
}

/** A record of a database: its Datum, or why it has none. */
interface DatasetRecord {
  readonly key: string;
  readonly bytes: number;
  readonly datum: Datum | Error;
}

/**
 * The records of a database, in the order of their keys.
 * @throws FileError, FormatError where the database itself is damaged
 */
export function* rawRecordsOf(path: string): Generator<RawRecord> {
  const db = openDatabase(path);
  const cursor = db.cursor();
  try {
    for (let record = cursor.next(); record; record = cursor.next()) {
      yield { key: new TextDecoder().decode(record.key), value: record.value };
    }
  } finally {
    cursor.close();
    db.close();
  }
}

/**
 * The same, each read.
 * @throws FileError, FormatError where the database itself is damaged
 */
export function* recordsOf(path: string): Generator<DatasetRecord> {
  for (const { key, value } of rawRecordsOf(path)) {
    yield { key, bytes: value.length, datum: tried(() => decodeDatum(value, "its Datum")) };
  }
}

/**
 * The first record of a database.
 * @throws FileError, FormatError where the database itself is damaged
 */
export function firstRecordOf(path: string): DatasetRecord {
  for (const record of recordsOf(path)) return record;
  // A database that is open holds one record or more.
  return { key: "", bytes: 0, datum: new Error("there is none") };
}

/** What comes of some work, or the error that it ended with. */
export function tried<T>(work: () => T): T | Error {
  try {
    return work();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
