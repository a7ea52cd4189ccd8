import { existsSync } from "node:fs";
import { join } from "node:path";
import { FileError } from "../../util/errors.ts";
import type { Backend, Db, DbWriter } from "./db.ts";
import { createLeveldb } from "./leveldb/create.ts";
import { openLeveldb } from "./leveldb/leveldb.ts";
import { createLmdb } from "./lmdb/create.ts";
import { openLmdb } from "./lmdb/lmdb.ts";

/**
 * Opens a database folder for reading. What it is is seen from its files, whatever `backend` a prototxt says:
 * LMDB has data.mdb, LevelDB has CURRENT.
 *
 * @throws FileError, FormatError
 */
export function openDatabase(path: string): Db {
  if (!existsSync(path)) {
    throw new FileError(`database "${path}" cannot be opened: no such file or directory.`);
  }
  const isLeveldb = existsSync(join(path, "CURRENT")) && !existsSync(join(path, "data.mdb"));
  return isLeveldb ? openLeveldb(path) : openLmdb(path);
}

/**
 * Begins a new database folder; nothing is there under that name until `finish`.
 * @param isContinued goes on with what an interrupted run left
 * @throws FileError where the name is taken or cannot be written
 */
export async function createDatabase(
  path: string,
  backend: Backend,
  isContinued = false,
): Promise<DbWriter> {
  return backend === "leveldb" ? createLeveldb(path, isContinued) : createLmdb(path, isContinued);
}
