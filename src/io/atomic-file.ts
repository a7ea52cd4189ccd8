import {
  closeSync,
  copyFileSync,
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
import { fileNames, removeFile } from "./files.ts";

/** A file to be written: its path, and its bytes in pieces. */
export interface FileToWrite {
  readonly path: string;
  readonly chunks: Iterable<Uint8Array>;
}

/**
 * Writes a file so that its name never stands for half of it: beside the target, flushed to the disk, then renamed.
 * @throws FileError where that fails; what was there before is untouched and no partial file is left
 */
export function writeFileAtomically(path: string, chunks: Iterable<Uint8Array>): void {
  writeFilesAtomically([{ path, chunks }]);
}

/**
 * Writes files that belong together: all of them beside their targets first, and only when every one is on the disk are
 * they renamed, in order. Where the last one is, the others are.
 * @throws FileError where one cannot be written; no target has been touched then, and nothing is left
 */
export function writeFilesAtomically(files: readonly FileToWrite[]): void {
  const written: string[] = [];
  try {
    for (const { path, chunks } of files) {
      const temporary = temporaryOf(path);
      written.push(temporary);
      whileWriting(path, () => writeFlushed(temporary, chunks));
    }
    files.forEach(({ path }, i) => {
      whileWriting(path, () => renameSync(written[i] as string, path));
    });
    for (const folder of new Set(files.map(({ path }) => dirname(path)))) flushDirectory(folder);
  } catch (error) {
    for (const temporary of written) rmSync(temporary, { force: true });
    throw error;
  }
}

/** A file that another library fills, beside the name it will have. What a killed program left of it is removed. */
export class PartialFile {
  /** Tells several of one name in this process apart. */
  static #made = 0;
  /** Where it is filled. */
  readonly temporary: string;
  readonly #path: string;

  /** @throws FileError where it cannot be made */
  constructor(path: string) {
    this.#path = path;
    this.temporary = temporaryOf(`${path}.${++PartialFile.#made}`);
    whileWriting(path, () => {
      removeAbandoned(dirname(path), `.${basename(path)}.`, (writer) => !isRunning(writer));
      writeFlushed(this.temporary, []);
    });
  }

  /**
   * Flushes it to the disk and gives it its name.
   * @throws FileError where that fails
   */
  publish(): void {
    this.#name(this.temporary);
  }

  /**
   * Gives its name to a copy of what it holds now, which must be whole; the file itself is filled further.
   * @throws FileError where that fails
   */
  publishCopy(): void {
    const copy = `${this.temporary}-copy`;
    try {
      whileWriting(this.#path, () => copyFileSync(this.temporary, copy));
      this.#name(copy);
    } finally {
      rmSync(copy, { force: true });
    }
  }

  discard(): void {
    rmSync(this.temporary, { force: true });
  }

  #name(written: string): void {
    whileWriting(this.#path, () => {
      const file = openSync(written, "r+");
      try {
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(written, this.#path);
    });
    flushDirectory(dirname(this.#path));
  }
}

function temporaryOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.tmp-${process.pid}`);
}

function whileWriting(path: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw new FileError(
      `"${path}" cannot be written: ${systemErrorText(error) ?? String(error)}.`,
      { cause: error },
    );
  }
}

function writeFlushed(path: string, chunks: Iterable<Uint8Array>): void {
  const file = openSync(path, "w");
  try {
    for (const chunk of chunks) {
      for (let done = 0; done < chunk.length; ) {
        done += writeSync(file, chunk, done, chunk.length - done);
      }
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
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

/** Removes what programs that were killed while they wrote under the prefix have left beside it. */
export function removeLeftovers(prefix: string): void {
  // This program writes nothing under the prefix while it asks.
  const isGone = (writer: number): boolean => writer === process.pid || !isRunning(writer);
  removeAbandoned(dirname(prefix), `.${basename(prefix)}_`, isGone);
}

/** Removes temporary files whose names begin so and whose writer is gone. */
function removeAbandoned(folder: string, begin: string, isGone: (writer: number) => boolean): void {
  for (const name of fileNames(folder)) {
    if (!name.startsWith(begin)) continue;
    const writer = Number(/\.tmp-(\d+)(-copy)?$/.exec(name)?.[1]);
    if (writer && isGone(writer)) removeFile(join(folder, name));
  }
}

/** Whether a process has that number. */
function isRunning(number: number): boolean {
  try {
    process.kill(number, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
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
