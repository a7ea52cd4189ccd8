import { type Node, nodesOf } from "./nodes.ts";
import {
  BRANCH,
  HEADER,
  IS_BIG,
  LARGEST_NODE,
  LEAF,
  NODE,
  NodePage,
  OVERFLOW,
  PAGE_SIZE,
  pagesOf,
} from "./page.ts";
import type { PageFile, TreeCounts } from "./page-file.ts";

/** A page below a branch, and the first key in it. */
interface Child {
  readonly key: Uint8Array;
  readonly page: number;
}

/** Where a record is. */
interface Place {
  readonly key: Uint8Array;
  readonly page: number;
  readonly index: number;
}

/**
 * The records of a database, written leaf by leaf in the order in which they come; the branches above them come last.
 * Values that are larger than half a page have pages of their own, before their leaf.
 */
export class TreeWriter {
  readonly #file: PageFile;
  readonly #leaf: NodePage = new NodePage(LEAF);
  readonly #leaves: Child[] = [];
  #firstKey: Uint8Array = new Uint8Array(0);
  #lastKey: Uint8Array | undefined;
  #isSorted = true;
  #entries = 0;
  #overflows = 0;

  constructor(file: PageFile) {
    this.#file = file;
  }

  /** The key that was put last. */
  get lastKey(): Uint8Array | undefined {
    return this.#lastKey;
  }

  /** Whether each key was greater than those before it. */
  get isSorted(): boolean {
    return this.#isSorted;
  }

  /** Both are copied, or written. */
  put(key: Uint8Array, value: Uint8Array): void {
    const isBig = NODE + key.length + value.length > LARGEST_NODE;
    const data = isBig ? pageNumber(this.#file.appendValue(value)) : value;
    if (isBig) this.#overflows += pagesOf(value.length);
    if (!this.#leaf.fits(key, data.length)) this.closeLeaf();
    if (this.#leaf.count === 0) this.#firstKey = new Uint8Array(key);
    this.#leaf.add(key, value.length + (isBig ? IS_BIG * 2 ** 32 : 0), data);
    this.#note(key);
  }

  /** Writes the leaf that is being filled. */
  closeLeaf(): void {
    if (this.#leaf.count === 0) return;
    this.#leaves.push({ key: this.#firstKey, page: this.#file.append(this.#leaf) });
  }

  /**
   * Takes over what an earlier writer left in the file.
   * @throws Error where a page is no leaf and no value
   */
  resume(): void {
    for (let page = 2; page <= this.#file.lastPage; ) {
      const bytes = this.#file.read(page, PAGE_SIZE);
      const kind = Number(bytes.readBigUInt64LE(0)) === page ? bytes.readUInt16LE(10) : undefined;
      if (kind === OVERFLOW) {
        const count = bytes.readUInt32LE(12);
        this.#overflows += count;
        page += count;
      } else if (kind === LEAF) {
        const nodes = nodesOf(bytes);
        this.#leaves.push({ key: new Uint8Array((nodes[0] as Node).key), page });
        for (const { key } of nodes) this.#note(key);
        page++;
      } else {
        throw new Error(`page ${page} of what an earlier run left is damaged`);
      }
    }
  }

  /** Puts this one's records into another, by their keys; of those of one key the last. */
  copySorted(other: TreeWriter): void {
    this.closeLeaf();
    const places: Place[] = [];
    for (const { page } of this.#leaves) {
      const nodes = nodesOf(this.#file.read(page, PAGE_SIZE));
      // Copied: pages are not kept.
      for (const [index, { key }] of nodes.entries()) {
        places.push({ key: new Uint8Array(key), page, index });
      }
    }
    places.sort((a, b) => Buffer.compare(a.key, b.key));
    let [page, nodes]: [number, readonly Node[]] = [0, []];
    for (const [i, place] of places.entries()) {
      const next = places[i + 1];
      if (next && Buffer.compare(place.key, next.key) === 0) continue;
      if (place.page !== page) {
        page = place.page;
        nodes = nodesOf(this.#file.read(page, PAGE_SIZE));
      }
      other.put(place.key, this.#value(nodes[place.index] as Node));
    }
  }

  #value({ isBig, length, data }: Node): Uint8Array {
    if (!isBig) return data;
    const page = Number(Buffer.from(data).readBigUInt64LE(0));
    return this.#file.read(page, HEADER + length).subarray(HEADER);
  }

  /** Writes what is left of the leaves, and the branches; nothing is put after it. */
  finish(): TreeCounts {
    this.closeLeaf();
    let [level, depth, branches]: [readonly Child[], number, number] = [this.#leaves, 1, 0];
    for (; level.length > 1; depth++) {
      level = this.#branchesAbove(level);
      branches += level.length;
    }
    const root = level[0]?.page;
    return {
      root,
      depth: root === undefined ? 0 : depth,
      branches,
      leaves: this.#leaves.length,
      overflows: this.#overflows,
      entries: this.#entries,
    };
  }

  /** One level of branches; each has two pages below it or more. */
  #branchesAbove(level: readonly Child[]): Child[] {
    const branch = new NodePage(BRANCH);
    const above: Child[] = [];
    let first = level[0] as Child;
    for (const [i, child] of level.entries()) {
      // The last page may not stand alone in a branch: the one before it stays with it.
      const last = i === level.length - 2 ? level[i + 1] : undefined;
      const isFull = !branch.fits(child.key, last ? NODE + last.key.length + 4 : 0);
      if (isFull) above.push({ key: first.key, page: this.#file.append(branch) });
      if (branch.count === 0) first = child;
      // What is left of a branch's first key is not looked at.
      const key = branch.count === 0 ? new Uint8Array(0) : child.key;
      branch.add(key, child.page, new Uint8Array(0));
    }
    above.push({ key: first.key, page: this.#file.append(branch) });
    return above;
  }

  #note(key: Uint8Array): void {
    if (this.#lastKey && Buffer.compare(this.#lastKey, key) >= 0) this.#isSorted = false;
    this.#lastKey = new Uint8Array(key);
    this.#entries++;
  }
}

function pageNumber(page: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(page));
  return bytes;
}
