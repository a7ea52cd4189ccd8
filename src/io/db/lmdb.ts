import { closeSync, existsSync, fstatSync, openSync, readSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Database } from "lmdb";
import { CaffeError, FileError, FormatError, systemErrorText } from "../../util/errors.ts";
import type { Db, DbCursor, DbRecord, DbWriter } from "./db.ts";

const MAGIC = 0xbeefc0de;
/** Bytes of a page's header in data format 1, and in format 2. */
const HEADER = 16;
const HEADER_OF_2 = 24;
/** Bytes of address space a new database begins with; it doubles, as the package's own growing fails. */
const FIRST_MAP = 2 ** 30;
/** Bytes that may wait to be written. */
const MOST_PENDING = 2 ** 25;
/** The root of a tree without records. */
const NO_PAGE = 2n ** 64n - 1n;
type Lmdb = typeof import("lmdb");
type Bytes = Database<Buffer, Buffer>;

/**
 * The lmdb package, loaded at first use: nets without databases need no native code.
 *
 * Its prebuilt binary is of data format 2 and ends the process on a database of format 1, so only one that was built
 * here, by `npm run setup` or at install, is used.
 */
function lmdb(): Lmdb {
  const require = createRequire(import.meta.url);
  try {
    const folder = dirname(dirname(require.resolve("lmdb")));
    if (!existsSync(join(folder, "build/Release/lmdb.node"))) {
      throw new Error("it has not been built for data format 1");
    }
    return require("lmdb") as Lmdb;
  } catch (error) {
    throw new FileError(
      `the lmdb package cannot be used: ${(error as Error).message.split("\n")[0]}. Run npm run setup in a clone, or npm rebuild caffe-ts where it is installed; a C++ compiler is needed.`,
      { cause: error },
    );
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
  const database = reading(
    path,
    () =>
      open({
        path,
        readOnly: true,
        encoding: "binary",
        keyEncoding: "binary",
        noSubdir: false,
        maxDbs: 1,
      }) as Bytes,
  );
  const count = reading(path, () => (database.getStats() as { entryCount: number }).entryCount);
  if (count === 0) {
    void database.close();
    throw new FormatError(`${path}: the database holds no records. Expected one or more.`);
  }
  return {
    path,
    count,
    cursor: (start) => new LmdbCursor(path, database, start % count),
    close() {
      void database.close();
    },
  };
}

/** Runs what the library does with a file that may be damaged. */
function reading<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof CaffeError) throw error;
    throw new FormatError(
      `database "${path}" cannot be read: ${(error as Error).message}. Expected a whole LMDB database.`,
      { cause: error },
    );
  }
}

class LmdbCursor implements DbCursor {
  readonly #path: string;
  readonly #database: Bytes;
  #iterator: Iterator<{ key: Buffer; value: Buffer }>;

  constructor(path: string, database: Bytes, start: number) {
    this.#path = path;
    this.#database = database;
    this.#iterator = this.#from(start);
  }

  next(): DbRecord {
    try {
      let step = this.#iterator.next();
      if (step.done) {
        this.#iterator = this.#from(0);
        step = this.#iterator.next();
      }
      return step.value as DbRecord;
    } catch (error) {
      return reading(this.#path, () => {
        throw error;
      });
    }
  }

  close(): void {
    this.#iterator.return?.();
  }

  #from(offset: number): Iterator<{ key: Buffer; value: Buffer }> {
    return this.#database.getRange({ offset, snapshot: false })[Symbol.iterator]();
  }
}

/**
 * Makes sure that data.mdb is of format 1, as long as its newest meta page says, and has its root page.
 *
 * Two meta pages begin the file; behind a page header of 16 bytes each holds magic, version, address, map
 * size, two tree descriptions of 48 bytes (the first begins with the page size, the second ends with the
 * records' root page), last page and transaction.
 */
function checkHead(path: string): void {
  const file = join(path, "data.mdb");
  if (!existsSync(file)) {
    throw new FileError(
      `database "${path}" cannot be opened: there is no ${file}. Expected an LMDB folder.`,
    );
  }
  const handle = openSync(file, "r");
  try {
    const size = fstatSync(handle).size;
    const first = metaPage(file, handle, 0);
    const pageSize = first.readUInt32LE(24);
    if (pageSize < 256 || pageSize > 65_536 || (pageSize & (pageSize - 1)) !== 0) {
      throw new FormatError(
        `${file}: its pages have ${pageSize} bytes. Expected 4096; it is damaged.`,
      );
    }
    const second = metaPage(file, handle, pageSize);
    const newest = second.readBigUInt64LE(128) > first.readBigUInt64LE(128) ? second : first;
    const needed = (Number(newest.readBigUInt64LE(120)) + 1) * pageSize;
    if (size < needed) {
      throw new FormatError(
        `${file}: the file has ${size} bytes, and its head says ${needed}. Expected a whole database; it is cut short.`,
      );
    }
    const root = newest.readBigUInt64LE(112);
    const isRoot =
      root === NO_PAGE ||
      (root > 1n &&
        Number(root) * pageSize < needed &&
        readAt(file, handle, Number(root) * pageSize, 8).readBigUInt64LE(0) === root);
    if (second.readUInt32LE(24) !== pageSize || !isRoot) {
      throw new FormatError(`${file}: its head is damaged. Expected a whole LMDB database.`);
    }
  } finally {
    closeSync(handle);
  }
}

/** One meta page without its header. */
function metaPage(file: string, handle: number, at: number): Buffer {
  const bytes = readAt(file, handle, at, HEADER + 136);
  const isOf2 = bytes.readUInt32LE(HEADER) !== MAGIC && bytes.readUInt32LE(HEADER_OF_2) === MAGIC;
  const page = bytes.subarray(isOf2 ? HEADER_OF_2 : HEADER);
  if (page.readUInt32LE(0) !== MAGIC) {
    throw new FormatError(`${file}: it does not begin as an LMDB database does.`);
  }
  const version = page.readUInt32LE(4);
  if (version !== 1 || isOf2) {
    throw new FormatError(
      `${file}: it is of LMDB data format ${version}. Expected 1, which Caffe and liblmdb 0.9 write; make it anew with npm run setup done first, or with Caffe's tools.`,
    );
  }
  return page;
}

function readAt(file: string, handle: number, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  if (readSync(handle, bytes, 0, length, at) < length) {
    throw new FormatError(
      `${file}: the file has ${fstatSync(handle).size} bytes. Expected a whole LMDB database; it is cut short.`,
    );
  }
  return bytes;
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
  const failed = (error: unknown): FileError =>
    new FileError(
      `database "${path}" cannot be written: ${systemErrorText(error) ?? (error as Error).message}.`,
      { cause: error },
    );
  let mapSize = FIRST_MAP;
  const begin = (): Bytes =>
    lmdb().open({
      path: temporary,
      encoding: "binary",
      keyEncoding: "binary",
      noSubdir: false,
      overlappingSync: false,
      pageSize: 4096,
      mapSize,
    }) as Bytes;
  let database: Bytes;
  try {
    rmSync(temporary, { recursive: true, force: true });
    database = begin();
  } catch (error) {
    throw failed(error);
  }
  let failure: unknown;
  const note = async (error: unknown): Promise<void> => {
    failure ??= error;
    // The package puts the system's error into a promise on its own one; unheard, it ends the process.
    const inner = (error as { commitError?: Promise<unknown> }).commitError;
    if (inner) {
      await inner.catch((cause: unknown) => {
        failure = cause;
      });
    }
  };
  let pending: Promise<unknown> = Promise.resolve();
  let [count, bytesPending, bytesUsed] = [0, 0, 0];
  const settle = async (): Promise<void> => {
    await pending;
    bytesPending = 0;
    if (failure !== undefined) throw failed(failure);
  };
  return {
    async put(key, value) {
      // At most: half-filled pages, or pages of its own, and its share of the branches.
      const space = Math.max(2 * (value.length + 64), value.length + 4224);
      if (bytesUsed + space > mapSize / 2) {
        await settle();
        await database.close();
        mapSize *= 2;
        database = begin();
      }
      bytesUsed += space;
      bytesPending += value.length;
      // Copied, because the package writes later than it is told.
      pending = database.put(Buffer.from(key), Buffer.from(value)).catch(note);
      if (++count % 1000 === 0 || bytesPending > MOST_PENDING) await settle();
    },
    async finish() {
      await settle();
      await database.flushed;
      await database.close();
      rmSync(join(temporary, "lock.mdb"), { force: true });
      renameSync(temporary, path);
    },
    async abandon() {
      await pending;
      await database.close();
      rmSync(temporary, { recursive: true, force: true });
    },
  };
}
