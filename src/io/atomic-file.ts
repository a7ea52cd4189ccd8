import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { FileError, systemErrorText } from "../util/errors.ts";

/**
 * Writes a file so that its name never stands for half of it: beside the target, flushed to the disk, then renamed.
 * @throws FileError where that fails; what was there before is untouched and no partial file is left
 */
export function writeFileAtomically(path: string, chunks: Iterable<Uint8Array>): void {
  const temporary = join(dirname(path), `.${basename(path)}.tmp-${process.pid}`);
  let file: number | undefined;
  try {
    file = openSync(temporary, "w");
    for (const chunk of chunks) {
      for (let done = 0; done < chunk.length; ) {
        done += writeSync(file, chunk, done, chunk.length - done);
      }
    }
    fsyncSync(file);
    closeSync(file);
    file = undefined;
    renameSync(temporary, path);
    flushDirectory(dirname(path));
  } catch (error) {
    if (file !== undefined) closeSync(file);
    rmSync(temporary, { force: true });
    throw new FileError(
      `"${path}" cannot be written: ${systemErrorText(error) ?? String(error)}.`,
      { cause: error },
    );
  }
}

/** Makes a rename outlive a power cut, where the system lets directories be flushed. */
function flushDirectory(path: string): void {
  let directory: number | undefined;
  try {
    directory = openSync(path, "r");
    fsyncSync(directory);
  } catch {
    // Some file systems refuse to flush directories; the rename itself has happened.
  } finally {
    if (directory !== undefined) closeSync(directory);
  }
}

/**
 * Makes sure, before hours of work, that files under the prefix can be written.
 * @throws FileError where they cannot
 */
export function checkWritable(prefix: string): void {
  const probe = `${prefix}_iter_0.tempfile`;
  try {
    closeSync(openSync(probe, "w"));
    rmSync(probe);
  } catch (error) {
    throw new FileError(
      `Cannot write to snapshot prefix '${prefix}'.  Make sure that the directory exists and is writable (${systemErrorText(error) ?? String(error)}).`,
      { cause: error },
    );
  }
}

/** Whether there is a file or folder of that name. */
export function fileExists(path: string): boolean {
  return existsSync(path);
}

/** Whether the path is a folder. */
export function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
