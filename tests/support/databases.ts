import { openDatabase } from "../../src/io/db/open.ts";

/** Keys and values of a database, in order. */
export function readAll(path: string): [string, Uint8Array][] {
  const db = openDatabase(path);
  const cursor = db.cursor();
  const records: [string, Uint8Array][] = [];
  for (let record = cursor.next(); record; record = cursor.next()) {
    records.push([new TextDecoder().decode(record.key), record.value.slice()]);
  }
  cursor.close();
  db.close();
  return records;
}
