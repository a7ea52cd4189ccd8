import { closeSync, existsSync, openSync, readSync, renameSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Database } from "lmdb";
import { FileError, FormatError } from "../../util/errors.ts";
import type { Db, DbCursor, DbRecord, DbWriter } from "./db.ts";

const MAGIC = 0xbeefc0de;
const FIRST_PAGE = 16;
const REBUILD =
  "npm_config_use_data_v1=true npm_config_build_from_source=true npm rebuild lmdb (npm run setup does it)";

type Lmdb = typeof import("lmdb");
type Bytes = Database<Buffer, Buffer>;

/** The lmdb package, loaded at first use: nets without databases need no native code. */
function lmdb(): Lmdb {
  try {
    return createRequire(import.meta.url)("lmdb") as Lmdb;
  } catch (error) {
    throw new FileError(`the lmdb package cannot be loaded. Run ${REBUILD}.`, { cause: error });
  }
}

/**
 * Opens an LMDB folder, as Caffe and liblmdb 0.9 write it, for reading.
 *
 * The file's head is checked first: a database of another data format, or one cut short, would end the
 * process inside the library.
 *
 * @throws FileError, FormatError
 */
export function openLmdb(path: string): Db {
  checkHead(path);
  const { open } = lmdb();
  const database = open({
    path,
    readOnly: true,
    encoding: "binary",
    keyEncoding: "binary",
    noSubdir: false,
    maxDbs: 1,
  }) as Bytes;
  const count = (database.getStats() as { entryCount: number }).entryCount;
  if (count === 0) {
    void database.close();
    throw new FormatError(`${path}: the database holds no records. Expected one or more.`);
  }
  return {
    path,
    count,
    cursor: (start) => new LmdbCursor(database, start % count),
    close() {
      void database.close();
    },
  };
}

class LmdbCursor implements DbCursor {
  readonly #database: Bytes;
  #iterator: Iterator<{ key: Buffer; value: Buffer }>;

  constructor(database: Bytes, start: number) {
    this.#database = database;
    this.#iterator = this.#from(start);
  }

  next(): DbRecord {
    let step = this.#iterator.next();
    if (step.done) {
      this.#iterator = this.#from(0);
      step = this.#iterator.next();
    }
    return step.value as DbRecord;
  }

  close(): void {
    this.#iterator.return?.();
  }

  #from(offset: number): Iterator<{ key: Buffer; value: Buffer }> {
    return this.#database.getRange({ offset, snapshot: false })[Symbol.iterator]();
  }
}

/**
 * Makes sure that data.mdb is of format 1 and as long as its newest meta page says.
 *
 * Two meta pages begin the file; behind a page header of 16 bytes each holds magic, version, address, map
 * size, two tree descriptions of 48 bytes (the first begins with the page size), last page and transaction.
 */
function checkHead(path: string): void {
  const file = join(path, "data.mdb");
  if (!existsSync(file)) {
    throw new FileError(
      `database "${path}" cannot be opened: there is no ${file}. Expected an LMDB folder.`,
    );
  }
  const size = statSync(file).size;
  const first = metaPage(file, 0, size);
  const pageSize = first.readUInt32LE(24);
  const second = metaPage(file, pageSize, size);
  const newest = second.readBigUInt64LE(128) > first.readBigUInt64LE(128) ? second : first;
  const needed = (Number(newest.readBigUInt64LE(120)) + 1) * pageSize;
  if (size < needed) {
    throw new FormatError(
      `${file}: the file has ${size} bytes, and its head says ${needed}. Expected a whole database; it is cut short.`,
    );
  }
}

/** One meta page without its header. */
function metaPage(file: string, at: number, size: number): Buffer {
  const page = Buffer.alloc(136);
  const handle = openSync(file, "r");
  try {
    if (readSync(handle, page, 0, 136, at + FIRST_PAGE) < 136) {
      throw new FormatError(
        `${file}: the file has ${size} bytes. Expected a whole LMDB database; it is cut short.`,
      );
    }
  } finally {
    closeSync(handle);
  }
  if (page.readUInt32LE(0) !== MAGIC) {
    throw new FormatError(`${file}: it does not begin as an LMDB database does.`);
  }
  const version = page.readUInt32LE(4);
  if (version !== 1) {
    throw new FormatError(
      `${file}: it is of LMDB data format ${version}. Expected 1, which Caffe and liblmdb 0.9 write; make it anew, or copy it with mdb_copy of that version.`,
    );
  }
  return page;
}

/**
 * Begins a new LMDB folder at `path`; nothing is there under that name until `finish`.
 * @throws FileError where the name is taken or cannot be written
 */
export function createLmdb(path: string): DbWriter {
  if (existsSync(path)) {
    throw new FileError(
      `database "${path}" exists. Expected a new name; remove it first to make it again.`,
    );
  }
  const temporary = `${path.replace(/\/+$/, "")}.part-${process.pid}`;
  rmSync(temporary, { recursive: true, force: true });
  let database: Bytes;
  try {
    database = lmdb().open({
      path: temporary,
      encoding: "binary",
      keyEncoding: "binary",
      noSubdir: false,
      overlappingSync: false,
      pageSize: 4096,
    }) as Bytes;
  } catch (error) {
    throw new FileError(`database "${path}" cannot be written: ${(error as Error).message}.`, {
      cause: error,
    });
  }
  let pending: Promise<unknown> = Promise.resolve();
  let count = 0;
  return {
    async put(key, value) {
      // Copied, because the package writes later than it is told.
      pending = database.put(Buffer.from(key), Buffer.from(value));
      if (++count % 1000 === 0) await pending;
    },
    async finish() {
      await pending;
      await database.flushed;
      await database.close();
      rmSync(join(temporary, "lock.mdb"), { force: true });
      renameSync(temporary, path);
    },
    async abandon() {
      await pending.catch(() => {});
      await database.close();
      rmSync(temporary, { recursive: true, force: true });
    },
  };
}
