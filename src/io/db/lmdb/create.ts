import { existsSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Database } from "lmdb";
import { FileError } from "../../../util/errors.ts";
import { removeFile } from "../../files/file-system.ts";
import { PartialFolder } from "../../files/partial-folder.ts";
import type { DbWriter } from "../db.ts";

/** Bytes of address space a new database begins with; it doubles, as the package's own growing fails. */
const FIRST_MAP = 2 ** 30;
/** Bytes that may wait to be written. */
const MOST_PENDING = 2 ** 25;
/** What the disk must have room for besides: the database's head and branches, and the lock, which is a map of memory. */
const RESERVE = 2 ** 18;
/** How often the disk is asked for its room. */
const UNASKED = 2 ** 16;
type Lmdb = typeof import("lmdb");
type Bytes = Database<Buffer, Buffer>;

/**
 * The lmdb package, loaded at first use: only writing needs it.
 *
 * Its prebuilt binary writes data format 2, which Caffe does not read, so only one that was built here, by
 * `npm run setup` or at install, is used.
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
 * Begins a new LMDB folder at `path`; nothing is there under that name until `finish`.
 * @param isContinued goes on with what an interrupted run left
 * @throws FileError where the name is taken or cannot be written
 */
export function createLmdb(path: string, isContinued = false): DbWriter {
  const partial = new PartialFolder(path, isContinued);
  const failed = (error: unknown): FileError => partial.failed(error);
  let mapSize = FIRST_MAP;
  let bytesUsed = isContinued ? sizeOf(join(partial.folder, "data.mdb")) : 0;
  while (mapSize < 2 * bytesUsed) mapSize *= 2;
  const begin = (): Bytes =>
    lmdb().open({
      path: partial.folder,
      encoding: "binary",
      keyEncoding: "binary",
      noSubdir: false,
      overlappingSync: false,
      pageSize: 4096,
      mapSize,
    }) as Bytes;
  let database: Bytes;
  let lastKey: string | undefined;
  try {
    partial.needs(RESERVE);
  } catch (error) {
    if (!isContinued) partial.discard();
    throw error;
  }
  try {
    database = begin();
    if (isContinued) {
      for (const key of database.getKeys({ reverse: true, limit: 1 })) lastKey = key.toString();
    }
  } catch (error) {
    partial.discard();
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
  let [count, bytesPending, spacePending, spaceUnasked] = [0, 0, 0, 0];
  const settle = async (): Promise<void> => {
    await pending;
    [bytesPending, spacePending] = [0, 0];
    if (failure !== undefined) throw failed(failure);
  };
  /** Makes sure that the disk takes what waits and so much more: the package's own failure is not only ours to hear. */
  const reserve = async (space: number): Promise<void> => {
    spacePending += space;
    spaceUnasked += space;
    if (spaceUnasked < UNASKED) return;
    spaceUnasked = 0;
    if (partial.bytesLeft >= spacePending + RESERVE) return;
    await settle();
    partial.needs(space + RESERVE);
    spacePending = space;
  };
  const close = async (): Promise<void> => {
    await settle();
    try {
      await database.flushed;
      await database.close();
    } catch (error) {
      throw failed(error);
    }
    removeFile(join(partial.folder, "lock.mdb"));
  };
  return {
    lastKey,
    async put(key, value) {
      // At most: half-filled pages, or pages of its own, and its share of the branches.
      const space = Math.max(2 * (value.length + 64), value.length + 4224);
      if (bytesUsed + space > mapSize / 2) {
        await settle();
        await database.close();
        mapSize *= 2;
        database = begin();
      }
      await reserve(space);
      bytesUsed += space;
      bytesPending += value.length;
      // Copied, because the package writes later than it is told.
      pending = database.put(Buffer.from(key), Buffer.from(value)).catch(note);
      if (++count % 1000 === 0 || bytesPending > MOST_PENDING) await settle();
    },
    async finish() {
      await close();
      partial.publish();
    },
    suspend: close,
    async abandon() {
      await pending;
      await database.close();
      partial.discard();
    },
  };
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
