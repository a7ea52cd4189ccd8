import { readdirSync } from "node:fs";
import { FileError, systemErrorText } from "../../util/errors.ts";
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
  const names = namesIn(path);
  const isLeveldb = names.includes("CURRENT") && !names.includes("data.mdb");
  return isLeveldb ? openLeveldb(path) : openLmdb(path);
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    throw new FileError(
      `database "${path}" cannot be opened: ${systemErrorText(error) ?? String(error)}. Expected a folder that LMDB or LevelDB has made.`,
      { cause: error },
    );
  }
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
