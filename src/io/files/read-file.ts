import { closeSync, openSync, readFileSync, readSync, type Stats, statSync } from "node:fs";
import { FileError, systemErrorText } from "../../util/errors.ts";

/** A pipe that another program writes is read to its end, but not for ever. */
const MOST_OF_PIPE = 2 ** 30;

/**
 * The bytes of a file.
 * @param what what it is to the reader, for the message: `net file`
 * @throws FileError where it cannot be read, or is no regular file: a FIFO or a device would be read for ever
 */
export function readBytes(path: string, what: string): Uint8Array {
  // `<(command)` of a shell, and what stands before a `|`: another process has opened the other end.
  if (OPEN_PIPE.test(path) && statSync(path, { throwIfNoEntry: false })?.isFIFO()) {
    return reading(path, what, () => readPipe(path, what));
  }
  checkRegularFile(path, what);
  return reading(path, what, () => {
    const { size } = statSync(path);
    if (size < MOST_AT_ONCE) return readFileSync(path);
    if (size > MOST_IN_MEMORY) {
      throw new FileError(`${what} "${path}" has ${size} bytes. Expected 4 GiB at most.`);
    }
    return readInPieces(path, size);
  });
}

/** Node reads no more at once, and has no piece of memory that is larger. */
const [MOST_AT_ONCE, MOST_IN_MEMORY] = [2 ** 31 - 1, 2 ** 32];

function readInPieces(path: string, size: number): Uint8Array {
  const handle = openSync(path, "r");
  try {
    const bytes = new Uint8Array(size);
    for (let done = 0; done < size; ) {
      const count = readSync(handle, bytes, done, Math.min(size - done, 2 ** 30), done);
      if (count === 0) return bytes.subarray(0, done);
      done += count;
    }
    return bytes;
  } finally {
    closeSync(handle);
  }
}

const OPEN_PIPE = /^\/dev\/(?:stdin|fd\/\d+)$|^\/proc\/(?:self|\d+)\/fd\/\d+$/;

/**
 * Makes sure that a path names what can be read to an end.
 * @throws FileError where it names no file, or a folder, a device, a FIFO or a socket
 */
export function checkRegularFile(path: string, what: string): void {
  const stats = reading(path, what, () => statSync(path));
  const kind = stats.isFile() ? undefined : kindOf(stats);
  if (kind)
    throw new FileError(`${what} "${path}" cannot be read: it is ${kind}. Expected a file.`);
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return "a directory";
  if (stats.isFIFO()) return "a pipe (FIFO)";
  return stats.isSocket() ? "a socket" : "a device";
}

function readPipe(path: string, what: string): Uint8Array {
  const handle = openSync(path, "r");
  const pieces: Uint8Array[] = [];
  let total = 0;
  try {
    for (;;) {
      const piece = new Uint8Array(2 ** 16);
      const length = readSync(handle, piece);
      if (length === 0) break;
      total += length;
      if (total > MOST_OF_PIPE) {
        throw new FileError(
          `${what} "${path}" gives more than ${MOST_OF_PIPE} bytes. Expected a pipe that ends; write it to a file first.`,
        );
      }
      pieces.push(piece.subarray(0, length));
    }
  } finally {
    closeSync(handle);
  }
  return Buffer.concat(pieces);
}

/**
 * How many bytes a file has.
 * @throws FileError where it is not there
 */
export function fileSize(path: string, what: string): number {
  return reading(path, what, () => statSync(path).size);
}

function reading<T>(path: string, what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof FileError) throw error;
    // A path that a prototxt wrote with backslashes: `\n` and `\t` are escapes there.
    const hint = /[\b\t\n\v\f\r]/.test(path)
      ? " In a prototxt write / or \\\\ for a backslash."
      : "";
    throw new FileError(
      `${what} "${path}" cannot be read: ${systemErrorText(error) ?? String(error)}.${hint}`,
      { cause: error },
    );
  }
}

/** The text of a file, as UTF-8. */
export function readText(path: string, what: string): string {
  return new TextDecoder().decode(readBytes(path, what));
}
