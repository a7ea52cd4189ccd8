import type { Backend } from "../db/db.ts";
import { createDatabase } from "../db/open.ts";

/** Is told now and then how many of how many are done. */
export type OnProgress = (done: number, total: number) => void;

/**
 * Writes a database of `total` records.
 *
 * @returns how many were written
 * @throws FileError where it cannot be written, and what `records` throws; no database is left then
 */
export async function writeDatabase(
  path: string,
  backend: Backend,
  records: Iterable<readonly [key: string, value: Uint8Array]>,
  total: number,
  onProgress: OnProgress = () => {},
): Promise<number> {
  const writer = await createDatabase(path, backend);
  let done = 0;
  try {
    for (const [key, value] of records) {
      await writer.put(key, value);
      if (++done % 1000 === 0 || done === total) onProgress(done, total);
    }
    await writer.finish();
  } catch (error) {
    await writer.abandon();
    throw error;
  }
  return done;
}
