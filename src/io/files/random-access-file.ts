import { closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { FileError, FormatError, systemErrorText } from "../../util/errors.ts";
import { checkRegularFile } from "./read-file.ts";

/** A file that is read at places. */
export class RandomAccessFile {
  readonly path: string;
  readonly size: number;
  readonly #handle: number;

  /**
   * @param what what it is to the reader, for the message: `HDF5 file`
   * @throws FileError where it cannot be opened
   */
  constructor(path: string, what?: string) {
    this.path = path;
    checkRegularFile(path, "file");
    try {
      this.#handle = openSync(path, "r");
    } catch (error) {
      throw new FileError(
        `${what === undefined ? "" : `${what} `}"${path}" cannot be read: ${systemErrorText(error) ?? String(error)}.`,
        { cause: error },
      );
    }
    this.size = fstatSync(this.#handle).size;
  }

  /**
   * `length` bytes from `position` on.
   * @throws FormatError where the file ends before
   */
  read(position: number, length: number): Uint8Array {
    if (position < 0 || position + length > this.size) {
      throw new FormatError(
        `${this.path}: the file has ${this.size} bytes. Expected ${position + length} or more; it is damaged or cut short.`,
      );
    }
    const bytes = new Uint8Array(length);
    this.readInto(bytes, position);
    return bytes;
  }

  /** Fills `bytes` from `position` on, as far as the file goes; returns how many were read. */
  readInto(bytes: Uint8Array, position: number): number {
    return readFully(this.#handle, bytes, position);
  }

  close(): void {
    closeSync(this.#handle);
  }
}

/** The system reads and writes no more than 2 GiB at once. */
const MOST_AT_ONCE = 2 ** 30;

/** Fills `bytes` from `position` of an open file on, as far as it goes; returns how many were read. */
export function readFully(handle: number, bytes: Uint8Array, position: number): number {
  let done = 0;
  while (done < bytes.length) {
    const wanted = Math.min(bytes.length - done, MOST_AT_ONCE);
    const count = readSync(handle, bytes, done, wanted, position + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}

/** Writes all of `bytes` from `position` of an open file on. */
export function writeFully(handle: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    const wanted = Math.min(bytes.length - done, MOST_AT_ONCE);
    done += writeSync(handle, bytes, done, wanted, position + done);
  }
}
