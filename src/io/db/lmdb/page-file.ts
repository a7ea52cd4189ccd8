import { closeSync, fdatasync, ftruncateSync, openSync } from "node:fs";
import { promisify } from "node:util";
import { readFully, writeFully } from "../../files/random-access-file.ts";
import {
  HEADER,
  MAGIC,
  META,
  NO_PAGE,
  type NodePage,
  OVERFLOW,
  PAGE_SIZE,
  pagesOf,
} from "./page.ts";

const flush = promisify(fdatasync);
/** Bytes that are written to the file at once. */
const WRITTEN_AT_ONCE = 2 ** 20;
/** Address space that a program asks for which opens the database without saying how much. */
const SMALLEST_MAP = 2 ** 30;

/** What the head says of the tree of records. */
export interface TreeCounts {
  readonly root: number | undefined;
  readonly depth: number;
  readonly branches: number;
  readonly leaves: number;
  readonly overflows: number;
  readonly entries: number;
}

/** The tree of a database that is still being written, and so shows no records. */
export const NO_TREE: TreeCounts = {
  root: undefined,
  depth: 0,
  branches: 0,
  leaves: 0,
  overflows: 0,
  entries: 0,
};

/** A data.mdb that grows by a page after the other. */
export class PageFile {
  readonly #handle: number;
  readonly #waiting: Buffer = Buffer.alloc(WRITTEN_AT_ONCE);
  readonly #beforeWriting: (bytes: number) => void;
  #waitingBytes = 0;
  #isOpen = true;
  /** Bytes of the file that are written. */
  #written: number;
  #nextPage: number;

  /**
   * @param nextPage 2 of a new file; what lies behind the pages of an old one goes
   * @param beforeWriting called with how many bytes the disk is about to take
   */
  constructor(path: string, nextPage: number, beforeWriting: (bytes: number) => void) {
    this.#handle = openSync(path, nextPage === 2 ? "w+" : "r+");
    ftruncateSync(this.#handle, nextPage * PAGE_SIZE);
    this.#nextPage = nextPage;
    this.#written = nextPage * PAGE_SIZE;
    this.#beforeWriting = beforeWriting;
  }

  get lastPage(): number {
    return this.#nextPage - 1;
  }

  /** Writes a page, empties it, and gives its number. */
  append(page: NodePage): number {
    const number = this.#nextPage++;
    page.close(number);
    this.#write(page.bytes);
    page.clear();
    return number;
  }

  /** Writes a value to pages of its own, and gives the number of the first. */
  appendValue(value: Uint8Array): number {
    const number = this.#nextPage;
    const count = pagesOf(value.length);
    this.#nextPage += count;
    const header = Buffer.alloc(HEADER);
    header.writeBigUInt64LE(BigInt(number), 0);
    header.writeUInt16LE(OVERFLOW, 10);
    header.writeUInt32LE(count, 12);
    this.#write(header);
    this.#write(value);
    this.#write(new Uint8Array(count * PAGE_SIZE - HEADER - value.length));
    return number;
  }

  /** The bytes from the beginning of a page on. */
  read(page: number, length: number): Buffer {
    this.#flush();
    const bytes = Buffer.alloc(length);
    readFully(this.#handle, bytes, page * PAGE_SIZE);
    return bytes;
  }

  /** Brings all pages to the disk, then both heads that count them. */
  async checkpoint(tree: TreeCounts): Promise<void> {
    this.#flush();
    await flush(this.#handle);
    for (const number of [0, 1]) {
      writeFully(this.#handle, metaPage(number, this.lastPage, tree), number * PAGE_SIZE);
    }
  }

  close(): void {
    if (this.#isOpen) closeSync(this.#handle);
    this.#isOpen = false;
  }

  #write(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; ) {
      const part = bytes.subarray(from, from + WRITTEN_AT_ONCE - this.#waitingBytes);
      this.#waiting.set(part, this.#waitingBytes);
      this.#waitingBytes += part.length;
      from += part.length;
      if (this.#waitingBytes === WRITTEN_AT_ONCE) this.#flush();
    }
  }

  #flush(): void {
    if (this.#waitingBytes === 0) return;
    this.#beforeWriting(this.#waitingBytes);
    writeFully(this.#handle, this.#waiting.subarray(0, this.#waitingBytes), this.#written);
    this.#written += this.#waitingBytes;
    this.#waitingBytes = 0;
  }
}

/** One of the two heads; the second has the higher transaction number, and so counts. */
function metaPage(number: number, lastPage: number, tree: TreeCounts): Buffer {
  const bytes = Buffer.alloc(PAGE_SIZE);
  bytes.writeBigUInt64LE(BigInt(number), 0);
  bytes.writeUInt16LE(META, 10);
  const map = Math.max(SMALLEST_MAP, 2 ** Math.ceil(Math.log2((lastPage + 1) * PAGE_SIZE) + 1));
  const at = HEADER;
  bytes.writeUInt32LE(MAGIC, at);
  bytes.writeUInt32LE(1, at + 4);
  bytes.writeBigUInt64LE(BigInt(map), at + 16);
  // The tree of free pages: empty; its first word is the page size, and its keys are numbers.
  bytes.writeUInt32LE(PAGE_SIZE, at + 24);
  bytes.writeUInt16LE(8, at + 28);
  bytes.writeBigUInt64LE(NO_PAGE, at + 64);
  bytes.writeUInt16LE(tree.depth, at + 78);
  bytes.writeBigUInt64LE(BigInt(tree.branches), at + 80);
  bytes.writeBigUInt64LE(BigInt(tree.leaves), at + 88);
  bytes.writeBigUInt64LE(BigInt(tree.overflows), at + 96);
  bytes.writeBigUInt64LE(BigInt(tree.entries), at + 104);
  bytes.writeBigUInt64LE(tree.root === undefined ? NO_PAGE : BigInt(tree.root), at + 112);
  bytes.writeBigUInt64LE(BigInt(lastPage), at + 120);
  bytes.writeBigUInt64LE(BigInt(number), at + 128);
  return bytes;
}
