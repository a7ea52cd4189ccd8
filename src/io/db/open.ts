import { existsSync } from "node:fs";
import { join } from "node:path";
import { FileError, FormatError } from "../../util/errors.ts";
import type { Db } from "./db.ts";
import { openLmdb } from "./lmdb.ts";

/**
 * Opens a database folder for reading. What it is is seen from its files, whatever `backend` a prototxt says:
 * LMDB has data.mdb, LevelDB has CURRENT.
 *
 * @throws FileError, FormatError
 */
export function openDatabase(path: string): Db {
  if (existsSync(join(path, "CURRENT")) && !existsSync(join(path, "data.mdb"))) {
    throw new FormatError(
      `${path}: it is a LevelDB database. Expected LMDB; convert it with backend lmdb.`,
    );
  }
  if (!existsSync(path)) {
    throw new FileError(`database "${path}" cannot be opened: no such file or directory.`);
  }
  return openLmdb(path);
}
