/** What LMDB's data format 1 fixes of pages and nodes. */

/** Bytes of a page's header. */
export const HEADER = 16;
/** Bytes of a node before its key: two halves of a size or page number, flags, and the key's length. */
export const NODE = 8;
/** Kinds of pages. */
export const [BRANCH, LEAF, OVERFLOW, META] = [1, 2, 4, 8];
/** Kinds of nodes: the value has pages of its own, is a tree, is one of several. */
export const [IS_BIG, IS_TREE, IS_LIST] = [1, 2, 4];
/** What begins a meta page behind its header. */
export const MAGIC = 0xbeefc0de;
/** The root of a tree without records. */
export const NO_PAGE = 2n ** 64n - 1n;
/** Bytes of the pages that are written here. */
export const PAGE_SIZE = 4096;
/** The largest node that stays in its page: at least two fit into each. */
export const LARGEST_NODE = (PAGE_SIZE - HEADER) / 2 - 2;
export const LONGEST_KEY = 511;
export const LARGEST_VALUE = 2 ** 32 - 1;

/** A page of keys that is being filled: places of nodes from its beginning on, nodes from its end on. */
export class NodePage {
  readonly bytes: Buffer = Buffer.alloc(PAGE_SIZE);
  readonly #kind: number;
  #lower = HEADER;
  #upper = PAGE_SIZE;

  constructor(kind: number) {
    this.#kind = kind;
  }

  get count(): number {
    return (this.#lower - HEADER) / 2;
  }

  /** Whether a node with a key and so many bytes behind it still fits. */
  fits(key: Uint8Array, length: number): boolean {
    return this.#upper - this.#lower >= 2 + evenSize(key.length + length);
  }

  /**
   * Adds a node behind the others.
   * @param size what its first six bytes say: a value's length and the node's flags, or a page number
   * @param data what follows the key
   */
  add(key: Uint8Array, size: number, data: Uint8Array): void {
    this.#upper -= evenSize(key.length + data.length);
    this.bytes.writeUInt16LE(this.#upper, this.#lower);
    this.#lower += 2;
    this.bytes.writeUIntLE(size, this.#upper, 6);
    this.bytes.writeUInt16LE(key.length, this.#upper + 6);
    this.bytes.set(key, this.#upper + NODE);
    this.bytes.set(data, this.#upper + NODE + key.length);
  }

  /** Writes the header; the page is whole then. */
  close(number: number): void {
    this.bytes.writeBigUInt64LE(BigInt(number), 0);
    this.bytes.writeUInt16LE(this.#kind, 10);
    this.bytes.writeUInt16LE(this.#lower, 12);
    this.bytes.writeUInt16LE(this.#upper, 14);
  }

  clear(): void {
    this.bytes.fill(0);
    [this.#lower, this.#upper] = [HEADER, PAGE_SIZE];
  }
}

/** Bytes of a node whose key and data have so many: nodes begin at even places. */
function evenSize(length: number): number {
  return (NODE + length + 1) & ~1;
}

/** How many pages a value has that does not fit into a leaf. */
export function pagesOf(length: number): number {
  return Math.floor((HEADER - 1 + length) / PAGE_SIZE) + 1;
}
