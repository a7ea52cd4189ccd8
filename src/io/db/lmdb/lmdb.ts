import { FormatError } from "../../../util/errors.ts";
import type { RandomAccessFile } from "../../files/random-access-file.ts";
import type { Db, DbCursor, DbRecord } from "../db.ts";
import { openTree, type Tree } from "./head.ts";
import { BRANCH, HEADER, IS_BIG, IS_LIST, IS_TREE, LEAF, NODE, OVERFLOW } from "./page.ts";

/** Pages are read so many bytes at a time; the largest page has as many. */
const WINDOW = 65_536;

/**
 * Opens an LMDB folder, as Caffe and liblmdb 0.9 write it, for reading. Nothing in it is changed or locked, and
 * any number of threads may read; no program may write to it meanwhile.
 *
 * @throws FileError, FormatError
 */
export function openLmdb(path: string): Db {
  const { file, tree } = openTree(path);
  if (tree.entries === 0) {
    file.close();
    throw new FormatError(`${path}: the database holds no records. Expected one or more.`);
  }
  return {
    path,
    backend: "lmdb",
    count: tree.entries,
    cursor: () => new LmdbCursor(file, tree),
    close() {
      file.close();
    },
  };
}

/** A page on the way from the root to a leaf, and which of its nodes is next. */
class Page {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Where in that memory the page begins. */
  start = 0;
  count = 0;
  index = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }
}

/** The number of every leaf, and of its first record. */
interface Leaves {
  readonly numbers: readonly number[];
  readonly firsts: readonly number[];
}

/** Walks the leaves of the tree from left to right. */
class LmdbCursor implements DbCursor {
  readonly #file: RandomAccessFile;
  readonly #tree: Tree;
  /** The root first, the leaf last. A leaf is read where it lies in the window: it is done with when the next is read. */
  readonly #way: readonly Page[];
  readonly #leaf: Page;
  /** Records passed in this pass. */
  #position = 0;
  /** Made when a record is picked. */
  #leaves: Leaves | undefined;
  /** What was last read of the file for pages: where it begins, and how much there is. */
  readonly #windowBytes = new Uint8Array(WINDOW);
  #windowStart = 0;
  #windowLength = 0;
  /** Memory of values that have pages of their own, used again for the next. */
  #big = new DataView(new ArrayBuffer(0));

  constructor(file: RandomAccessFile, tree: Tree) {
    this.#file = file;
    this.#tree = tree;
    if (tree.depth < 1 || tree.depth > 32) throw this.#damaged(0);
    this.#leaf = new Page(this.#windowBytes);
    const branches = Array.from(
      { length: tree.depth - 1 },
      () => new Page(new Uint8Array(tree.pageSize)),
    );
    this.#way = [...branches, this.#leaf];
    this.rewind();
  }

  next(): DbRecord | undefined {
    if (this.#position === this.#tree.entries) return undefined;
    if (this.#leaf.index === this.#leaf.count) this.#nextLeaf();
    this.#position++;
    return this.#record(this.#leaf, this.#leaf.index++);
  }

  skip(count: number): number {
    const passed = Math.min(count, this.#tree.entries - this.#position);
    this.#position += passed;
    for (let left = passed; left > 0; ) {
      if (this.#leaf.index === this.#leaf.count) this.#nextLeaf();
      const here = Math.min(left, this.#leaf.count - this.#leaf.index);
      this.#leaf.index += here;
      left -= here;
    }
    return passed;
  }

  rewind(): void {
    this.#position = 0;
    this.#descend(0, this.#tree.root);
  }

  pick(index: number): DbRecord {
    this.#leaves ??= this.#indexOfLeaves();
    const { numbers, firsts } = this.#leaves;
    let [low, high] = [0, firsts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((firsts[middle] as number) <= index) low = middle;
      else high = middle - 1;
    }
    this.#readPage(this.#leaf, numbers[low] as number, LEAF);
    const at = index - (firsts[low] as number);
    if (at >= this.#leaf.count) throw this.#damaged(numbers[low] as number);
    return this.#record(this.#leaf, at);
  }

  #indexOfLeaves(): Leaves {
    const [numbers, firsts]: [number[], number[]] = [[], []];
    this.rewind();
    for (let first = 0; first < this.#tree.entries; first += this.#leaf.count) {
      if (first > 0) this.#nextLeaf();
      numbers.push(this.#number(this.#leaf));
      firsts.push(first);
    }
    return { numbers, firsts };
  }

  close(): void {}

  /** Reads a page of the way, and the leftmost ones below it. */
  #descend(level: number, number: number): void {
    let below = number;
    for (let at = level; at < this.#way.length; at++) {
      const page = this.#way[at] as Page;
      this.#readPage(page, below, page === this.#leaf ? LEAF : BRANCH);
      if (page !== this.#leaf) below = this.#child(page);
    }
  }

  #nextLeaf(): void {
    for (let level = this.#way.length - 2; level >= 0; level--) {
      const page = this.#way[level] as Page;
      if (page.index < page.count) {
        this.#descend(level + 1, this.#child(page));
        return;
      }
    }
    throw new FormatError(
      `${this.#file.path}: it has fewer records than its head says (${this.#tree.entries}). Expected a whole LMDB database; it is damaged.`,
    );
  }

  #readPage(page: Page, number: number, kind: number): void {
    const { pageSize, lastPage } = this.#tree;
    if (number < 2 || number > lastPage) throw this.#damaged(number);
    const at = this.#inWindow(number);
    if (page === this.#leaf) page.start = at;
    else page.bytes.set(this.#windowBytes.subarray(at, at + pageSize));
    const { view, start } = page;
    const lower = view.getUint16(start + 12, true);
    if (
      this.#number(page) !== number ||
      (view.getUint16(start + 10, true) & 15) !== kind ||
      lower < HEADER + 2 ||
      lower > pageSize
    ) {
      throw this.#damaged(number);
    }
    page.count = (lower - HEADER) >> 1;
    page.index = 0;
  }

  /** Where in the window a page is, read together with those behind it: leaves that follow each other often lie so. */
  #inWindow(number: number): number {
    const { pageSize } = this.#tree;
    const at = number * pageSize - this.#windowStart;
    if (at >= 0 && at + pageSize <= this.#windowLength) return at;
    this.#windowStart = number * pageSize;
    this.#windowLength = this.#file.readInto(this.#windowBytes, this.#windowStart);
    return 0;
  }

  /** The page that a branch's next node leads to. */
  #child(page: Page): number {
    const at = this.#node(page, page.index++);
    const { view } = page;
    return (
      view.getUint16(at, true) +
      view.getUint16(at + 2, true) * 2 ** 16 +
      view.getUint16(at + 4, true) * 2 ** 32
    );
  }

  #record(page: Page, index: number): DbRecord {
    const { view, bytes } = page;
    const at = this.#node(page, index);
    const length = view.getUint16(at, true) + view.getUint16(at + 2, true) * 2 ** 16;
    const flags = view.getUint16(at + 4, true);
    const from = at + NODE + view.getUint16(at + 6, true);
    const key = bytes.subarray(at + NODE, from);
    const end = from + (flags & IS_BIG ? 8 : length);
    if (end > this.#endOf(page) || flags & (IS_TREE | IS_LIST)) {
      throw this.#damaged(this.#number(page));
    }
    if (!(flags & IS_BIG)) return { key, value: bytes.subarray(from, end) };
    return { key, value: this.#bigValue(Number(view.getBigUint64(from, true)), length) };
  }

  /** A value that has pages of its own, behind one header. */
  #bigValue(number: number, length: number): Uint8Array {
    const { pageSize, lastPage } = this.#tree;
    const end = number * pageSize + HEADER + length;
    if (number < 2 || end > (lastPage + 1) * pageSize) throw this.#damaged(number);
    if (this.#big.byteLength < HEADER + length) {
      this.#big = new DataView(new ArrayBuffer(2 * (HEADER + length)));
    }
    const bytes = new Uint8Array(this.#big.buffer, 0, HEADER + length);
    this.#file.readInto(bytes, number * pageSize);
    const isIt = Number(this.#big.getBigUint64(0, true)) === number;
    if (!isIt || (this.#big.getUint16(10, true) & 15) !== OVERFLOW) throw this.#damaged(number);
    return bytes.subarray(HEADER);
  }

  /** Where a node begins. */
  #node(page: Page, index: number): number {
    const { view, start } = page;
    const offset = view.getUint16(start + HEADER + 2 * index, true);
    const at = start + offset;
    const isWithin = offset >= HEADER && at + NODE <= this.#endOf(page);
    if (!isWithin || at + NODE + view.getUint16(at + 6, true) > this.#endOf(page)) {
      throw this.#damaged(this.#number(page));
    }
    return at;
  }

  #endOf(page: Page): number {
    return page.start + this.#tree.pageSize;
  }

  #number(page: Page): number {
    return Number(page.view.getBigUint64(page.start, true));
  }

  #damaged(number: number): FormatError {
    return new FormatError(
      `${this.#file.path}: page ${number} is damaged. Expected a whole LMDB database.`,
    );
  }
}
