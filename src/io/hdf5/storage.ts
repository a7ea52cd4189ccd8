import { ftruncateSync } from "node:fs";
import { type RandomAccessFile, readFully, writeFully } from "../files/random-access-file.ts";

/** Where the bytes of an HDF5 file lie while the library works on it. */
export interface Hdf5Storage {
  readonly size: number;
  /** Fills `bytes` from `position` on, as far as the file goes; returns how many were read. */
  read(bytes: Uint8Array, position: number): number;
  write(bytes: Uint8Array, position: number): void;
  resize(size: number): void;
}

/** Bytes in one piece of memory, to be read only. */
export function storageOf(bytes: Uint8Array): Hdf5Storage {
  return readOnly(bytes.length, (to, position) => {
    const part = bytes.subarray(position, position + to.length);
    to.set(part);
    return part.length;
  });
}

/** A file on the disk, to be read only. */
export function storageIn(file: RandomAccessFile): Hdf5Storage {
  return readOnly(file.size, (to, position) => file.readInto(to, position));
}

function readOnly(size: number, read: Hdf5Storage["read"]): Hdf5Storage {
  const refuse = (): never => {
    throw new Error("the file is to be read only");
  };
  return { size, read, write: refuse, resize: refuse };
}

/** An open file on the disk, to be written. */
export class DiskStorage implements Hdf5Storage {
  size = 0;
  readonly #handle: number;

  /** @param handle of an empty file */
  constructor(handle: number) {
    this.#handle = handle;
  }

  read(bytes: Uint8Array, position: number): number {
    return readFully(this.#handle, bytes, position);
  }

  write(bytes: Uint8Array, position: number): void {
    writeFully(this.#handle, bytes, position);
    this.size = Math.max(this.size, position + bytes.length);
  }

  resize(size: number): void {
    ftruncateSync(this.#handle, size);
    this.size = size;
  }
}

const PAGE = 2 ** 24;

/** Memory in pages, so that a file may be larger than any piece of memory can. */
export class PagedStorage implements Hdf5Storage {
  size = 0;
  readonly #pages: Uint8Array<ArrayBuffer>[] = [];

  read(bytes: Uint8Array, position: number): number {
    const length = Math.max(0, Math.min(bytes.length, this.size - position));
    this.#through(position, length, (page, at, done, part) => {
      bytes.set(page.subarray(at, at + part), done);
    });
    return length;
  }

  write(bytes: Uint8Array, position: number): void {
    this.resize(Math.max(this.size, position + bytes.length));
    this.#through(position, bytes.length, (page, at, done, part) => {
      page.set(bytes.subarray(done, done + part), at);
    });
  }

  resize(size: number): void {
    // What is cut off and comes again is zero.
    if (size < this.size) this.#through(size, this.size - size, (page, at) => page.fill(0, at));
    while (this.#pages.length * PAGE < size) this.#pages.push(new Uint8Array(PAGE));
    this.#pages.length = Math.ceil(size / PAGE);
    this.size = size;
  }

  /** All bytes, in pieces. */
  pieces(): Uint8Array<ArrayBuffer>[] {
    return this.#pages.map((page, i) => page.subarray(0, Math.min(PAGE, this.size - i * PAGE)));
  }

  #through(
    position: number,
    length: number,
    visit: (page: Uint8Array, at: number, done: number, part: number) => void,
  ): void {
    for (let done = 0; done < length; ) {
      const at = (position + done) % PAGE;
      const part = Math.min(length - done, PAGE - at);
      const page = this.#pages[Math.floor((position + done) / PAGE)];
      if (page) visit(page, at, done, part);
      done += part;
    }
  }
}
