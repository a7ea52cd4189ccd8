import { join } from "node:path";
import { removeFile } from "../../files/file-system.ts";
import { PartialFolder } from "../../files/partial-folder.ts";
import type { DbWriter } from "../db.ts";

/** Caffe's options, but for the write buffer: two of them lie in memory, and Caffe's of 256 MiB would be half a gigabyte. */
const OPTIONS = {
  keyEncoding: "utf8",
  valueEncoding: "view",
  blockSize: 64 * 1024,
  writeBufferSize: 16 * 1024 * 1024,
  maxOpenFiles: 100,
} as const;
/** Records, and bytes, that are written at once. */
const [MOST_RECORDS, MOST_BYTES] = [1000, 2 ** 22];

/**
 * Begins a new LevelDB folder, as Caffe writes it; nothing is there under that name until `finish`.
 * @param isContinued goes on with what an interrupted run left
 * @throws FileError where the name is taken or cannot be written
 */
export async function createLeveldb(path: string, isContinued = false): Promise<DbWriter> {
  const partial = new PartialFolder(path, isContinued);
  // Writing alone needs the library, and loading it takes as long as opening a small net.
  const { ClassicLevel } = await import("classic-level");
  const database = new ClassicLevel<string, Uint8Array>(partial.folder, OPTIONS);
  const trying = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw partial.failed((error as Error).cause ?? error);
    }
  };
  await trying(database.open());
  const [lastKey] = await trying(database.keys({ reverse: true, limit: 1 }).all());
  let pending: { type: "put"; key: string; value: Uint8Array }[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    const batch = pending;
    pending = [];
    bytes = 0;
    if (batch.length > 0) await trying(database.batch(batch));
  };
  return {
    lastKey,
    async put(key, value) {
      pending.push({ type: "put", key, value: value.slice() });
      bytes += value.length;
      if (pending.length >= MOST_RECORDS || bytes > MOST_BYTES) await flush();
    },
    async finish() {
      await flush();
      await trying(database.close());
      for (const rest of ["LOCK", "LOG", "LOG.old"]) {
        removeFile(join(partial.folder, rest));
      }
      partial.publish();
    },
    async suspend() {
      await flush();
      await trying(database.close());
    },
    async abandon() {
      await database.close();
      partial.discard();
    },
  };
}
