import { FileError } from "../../../util/errors.ts";
import { PartialFolder } from "../../files/partial-folder.ts";
import type { DbWriter } from "../db.ts";
import { type NewRecord, NewTables } from "./new-tables.ts";

/** Bytes of records that become a table, and what each record counts besides its bytes. */
const TABLE = 16 * 1024 * 1024;
const RECORD = 64;

/**
 * Begins a new LevelDB folder, as Caffe writes it; nothing is there under that name until `finish`.
 * @param isContinued goes on with what an interrupted run left
 * @param tableBytes what lies in memory before it becomes a table
 * @throws FileError where the name is taken or cannot be written
 * @see doc/impl.md of google/leveldb
 */
export function createLeveldb(
  path: string,
  isContinued = false,
  tableBytes: number = TABLE,
): DbWriter {
  const partial = new PartialFolder(path, isContinued);
  const trying = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw error instanceof FileError ? error : partial.failed(error);
    }
  };
  const tables = trying(() => new NewTables(partial.folder));
  let pending: NewRecord[] = [];
  let bytes = 0;
  const flush = (): void => {
    trying(() => tables.add(pending));
    pending = [];
    bytes = 0;
  };
  return {
    lastKey: tables.largest && Buffer.from(tables.largest).toString(),
    async put(key, value) {
      pending.push({ key: Buffer.from(key), value: value.slice() });
      bytes += key.length + value.length + RECORD;
      if (bytes > tableBytes) flush();
    },
    async finish() {
      flush();
      tables.close();
      partial.publish();
    },
    async suspend() {
      flush();
      tables.close();
    },
    async abandon() {
      tables.close();
      partial.discard();
    },
  };
}
