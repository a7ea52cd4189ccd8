import { type AnnotationGroup, decodeAnnotatedDatum } from "../proto/annotated-datum.ts";
import { type Datum, decodeDatum, isAnnotated } from "../proto/datum.ts";
import { openDatabase } from "./open.ts";

/** A record of a database as it lies there. Its bytes hold until the next is asked for. */
export interface RawRecord {
  readonly key: string;
  readonly value: Uint8Array;
}

/** A record of a database: its Datum, or why it has none, and the objects that are marked in it, where it is an AnnotatedDatum. */
interface DatasetRecord {
  readonly key: string;
  readonly bytes: number;
  readonly datum: Datum | Error;
  readonly groups: readonly AnnotationGroup[] | undefined;
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
    const record = tried(() => decodeRecord(value));
    const [datum, groups] =
      record instanceof Error ? [record, undefined] : [record.datum, record.groups];
    yield { key, bytes: value.length, datum, groups };
  }
}

/**
 * A Datum, or the Datum of an AnnotatedDatum and the objects that are marked in it, where boxes are.
 * @throws FormatError where it is damaged
 */
export function decodeRecord(value: Uint8Array): {
  readonly datum: Datum;
  readonly groups: readonly AnnotationGroup[] | undefined;
} {
  if (!isAnnotated(value)) return { datum: decodeDatum(value, "its Datum"), groups: undefined };
  const { datum, type, groups } = decodeAnnotatedDatum(value, "its AnnotatedDatum");
  return { datum, groups: type === undefined ? undefined : groups };
}

/**
 * The first record of a database.
 * @throws FileError, FormatError where the database itself is damaged
 */
export function firstRecordOf(path: string): DatasetRecord {
  for (const record of recordsOf(path)) return record;
  // A database that is open holds one record or more.
  return { key: "", bytes: 0, datum: new Error("there is none"), groups: undefined };
}

/** What comes of some work, or the error that it ended with. */
export function tried<T>(work: () => T): T | Error {
  try {
    return work();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
