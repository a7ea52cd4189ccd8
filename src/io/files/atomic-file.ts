import {
  accessSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { FileError, systemErrorText } from "../../util/errors.ts";
import { removeFile } from "./file-system.ts";
import { flushFile, flushFolder } from "./flush.ts";
import {
  likeBefore,
  type OutputTarget,
  outputTarget,
  writeAll,
  writeStream,
} from "./output-target.ts";
import { removeAbandoned, temporaryOf } from "./temporary-file.ts";

/** A file to be written: its path, and its bytes in pieces. */
interface FileToWrite {
  readonly path: string;
  readonly chunks: Iterable<Uint8Array>;
}

/**
 * Writes a file so that its name never stands for half of it: beside the target, flushed to the disk, then renamed.
 *
 * Links are followed; a file that is there before leaves its mode and owner to that which takes its place. A device or a
 * pipe is written to as it is.
 *
 * @throws FileError where that fails; what was there before is untouched and no partial file is left
 */
export function writeFileAtomically(path: string, chunks: Iterable<Uint8Array>): void {
  writeFilesAtomically([{ path, chunks }]);
}

/**
 * Writes files that belong together: all of them beside their targets first, and only when every one is on the disk are
 * they renamed, in order. Where the last one is, the others are.
 *
 * @throws FileError where one cannot be written; every target is as it was then, and nothing is left. Where one cannot be
 *   renamed after others were, those go back; a file system without hard links keeps no file to go back to
 */
export function writeFilesAtomically(files: readonly FileToWrite[]): void {
  const written: Renaming[] = [];
  try {
    const targets = files.map(({ path }) => whileWriting(path, () => outputTarget(path)));
    files.forEach(({ path, chunks }, i) => {
      const target = targets[i] as OutputTarget;
      if (target.isStream) return;
      const temporary = temporaryOf(target.path);
      written.push({ path, target, temporary });
      whileWriting(path, () => writeFlushed(temporary, chunks, target));
    });
    files.forEach(({ path, chunks }, i) => {
      const target = targets[i] as OutputTarget;
      if (target.isStream) whileWriting(path, () => writeStream(target.path, chunks));
    });
    renameAll(written);
  } catch (error) {
    for (const { temporary } of written) removeFile(temporary);
    throw error;
  }
}

/** A file that lies beside its target, whole. */
interface Renaming {
  readonly path: string;
  readonly target: OutputTarget;
  readonly temporary: string;
}

/** Renames all, or none. */
function renameAll(files: readonly Renaming[]): void {
  const backups = files.map(({ temporary }) => `${temporary}-before`);
  let done = 0;
  try {
    for (const { path, target, temporary } of files) {
      if (files.length > 1 && target.before) keep(target.path, backups[done] as string);
      whileWriting(path, () => renameSync(temporary, target.path));
      done++;
    }
  } catch (error) {
    for (let i = done - 1; i >= 0; i--) {
      const { target } = files[i] as Renaming;
      const backup = backups[i] as string;
      if (existsSync(backup)) renameSync(backup, target.path);
      else if (!target.before) removeFile(target.path);
    }
    throw error;
  } finally {
    for (const backup of backups) removeFile(backup);
  }
  for (const folder of new Set(files.map(({ target }) => dirname(target.path))))
    flushFolder(folder);
}

/** A second name for a file. */
function keep(path: string, backup: string): void {
  try {
    removeFile(backup);
    linkSync(path, backup);
  } catch {
    // A file system without hard links.
  }
}

/** A file that another library fills, beside the name it will have. What a killed program left of it is removed. */
export class PartialFile {
  /** Tells several of one name in this thread apart. */
  static #made = 0;
  /** Where it is filled. */
  readonly temporary: string;
  readonly #path: string;
  readonly #target: OutputTarget;

  /** @throws FileError where it cannot be made */
  constructor(path: string) {
    this.#path = path;
    this.#target = whileWriting(path, () => outputTarget(path));
    const { path: real, isStream } = this.#target;
    // A device has no room beside it, and a library may want to go back in what it has written.
    const near = isStream ? join(tmpdir(), basename(real)) : real;
    this.temporary = temporaryOf(`${near}.${++PartialFile.#made}`);
    whileWriting(path, () => {
      removeAbandoned(near);
      writeFlushed(this.temporary, [], this.#target);
    });
  }

  /**
   * Flushes it to the disk and gives it its name.
   * @throws FileError where that fails
   */
  publish(): void {
    if (!this.#target.isStream) {
      this.#name(this.temporary);
      return;
    }
    whileWriting(this.#path, () => writeStream(this.#target.path, piecesOf(this.temporary)));
    removeFile(this.temporary);
  }

  /**
   * Gives its name to a copy of what it holds now, which must be whole; the file itself is filled further. A device gets
   * nothing until the end.
   *
   * @throws FileError where that fails
   */
  publishCopy(): void {
    if (this.#target.isStream) return;
    const copy = `${this.temporary}-copy`;
    try {
      whileWriting(this.#path, () => copyFileSync(this.temporary, copy));
      this.#name(copy);
    } finally {
      removeFile(copy);
    }
  }

  discard(): void {
    removeFile(this.temporary);
  }

  #name(written: string): void {
    whileWriting(this.#path, () => {
      // A copy has the mode, but not the owner.
      likeBefore(written, this.#target.before);
      flushFile(written);
      renameSync(written, this.#target.path);
    });
    flushFolder(dirname(this.#target.path));
  }
}

/** What a file holds, a piece at a time. */
function* piecesOf(path: string): Generator<Uint8Array> {
  const file = openSync(path, "r");
  try {
    const piece = new Uint8Array(2 ** 20);
    for (let length = 1; length > 0; ) {
      length = readSync(file, piece);
      yield piece.subarray(0, length);
    }
  } finally {
    closeSync(file);
  }
}

function whileWriting<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof FileError) throw error;
    throw new FileError(
      `"${path}" cannot be written: ${systemErrorText(error) ?? String(error)}.`,
      { cause: error },
    );
  }
}

/** Fills a new file, whatever lay under its name. */
function writeFlushed(path: string, chunks: Iterable<Uint8Array>, { before }: OutputTarget): void {
  removeFile(path);
  const file = openSync(path, "wx");
  try {
    likeBefore(path, before);
    writeAll(file, chunks);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/**
 * Makes sure, before hours of work, that files under the prefix can be written.
 * @param kind what they are, for the error
 * @throws FileError where they cannot
 */
export function checkWritable(prefix: string, kind: "snapshots" | "files" = "snapshots"): void {
  const probe = `${prefix}_iter_0.tempfile`;
  try {
    if (existsSync(probe)) accessSync(dirname(probe), constants.W_OK);
    else {
      closeSync(openSync(probe, "wx"));
      rmSync(probe);
    }
  } catch (error) {
    const cannot =
      kind === "snapshots"
        ? `Cannot write to snapshot prefix '${prefix}'.`
        : `Cannot write files whose names begin with '${prefix}'.`;
    throw new FileError(
      `${cannot}  Make sure that the directory exists and is writable (${systemErrorText(error) ?? String(error)}).`,
      { cause: error },
    );
  }
}
