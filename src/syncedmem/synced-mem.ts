import { allocate, type DType, type FloatArray } from "../util/arrays.ts";

/** Where the newest copy of an array lies; Caffe's words, and one more for an engine's own layout. */
export type Head = "UNINITIALIZED" | "HEAD_AT_CPU" | "HEAD_AT_PRIVATE" | "HEAD_AT_GPU" | "SYNCED";

/**
 * A copy of an array in an engine's own layout on the CPU, opaque to everybody else.
 *
 * `layout` names dimensions, order and blocking: two stores with the same layout hold the same
 * elements at the same places. Moving between it and the plain layout is a synchronous reorder.
 */
export interface PrivateStore {
  readonly layout: string;
  /** Writes the elements in plain row-major order; `plain` has room for at least as many. */
  toPlain(plain: FloatArray): void;
  /** Reads the elements from plain row-major order. */
  fromPlain(plain: FloatArray): void;
}

/**
 * One logical array of `count` elements, and the places where its bytes are fresh.
 *
 * Places are `cpu` (a typed array in row-major order, what people read) and any number of private
 * layouts of an engine. A reader asks for a place and the data is moved there only if it is stale
 * there; a writer makes its place the only fresh one. Nothing is allocated before its first use.
 * An array that nobody has written is all zeros and costs no memory: `zero()` returns to that state.
 *
 * @see Caffe's SyncedMemory; the private place follows Intel Caffe's PRV head
 */
export class SyncedMem {
  readonly count: number;
  readonly dtype: DType;
  #cpu: FloatArray | undefined;
  #cpuFresh = false;
  readonly #stores: Map<string, PrivateStore> = new Map();
  readonly #freshStores: Set<PrivateStore> = new Set();

  constructor(count: number, dtype: DType = "f32") {
    this.count = count;
    this.dtype = dtype;
  }

  /** Where the newest copy is. */
  get head(): Head {
    if (this.#freshStores.size === 0) return this.#cpuFresh ? "HEAD_AT_CPU" : "UNINITIALIZED";
    return this.#cpuFresh ? "SYNCED" : "HEAD_AT_PRIVATE";
  }

  /** True while nothing has been written since construction or `zero()`: every element is 0. */
  get isZero(): boolean {
    return this.#freshStores.size === 0 && !this.#cpuFresh;
  }

  /** Bytes held in all places. */
  get residentBytes(): number {
    const copies = this.#stores.size + (this.#cpu ? 1 : 0);
    return copies * this.count * (this.dtype === "f32" ? 4 : 8);
  }

  /** Makes every element 0 without touching memory: whoever reads next finds zeros. */
  zero(): void {
    this.#cpuFresh = false;
    this.#freshStores.clear();
  }

  /** The elements in row-major order, to be read. */
  cpu(): FloatArray {
    if (this.#cpuFresh && this.#cpu) return this.#cpu;
    if (!this.#cpu) this.#cpu = allocate(this.dtype, this.count);
    else if (this.isZero) this.#cpu.fill(0);
    const source = this.freshPrivate();
    if (source) source.toPlain(this.#cpu);
    this.#cpuFresh = true;
    return this.#cpu;
  }

  /** The elements in row-major order, to be read and written: the only fresh place from now on. */
  mutableCpu(): FloatArray {
    const cpu = this.cpu();
    this.#freshStores.clear();
    return cpu;
  }

  /** As `mutableCpu`, for a writer that sets every element it or anybody reads: nothing is moved in. */
  overwriteCpu(): FloatArray {
    this.#cpu ??= allocate(this.dtype, this.count);
    this.#cpuFresh = true;
    this.#freshStores.clear();
    return this.#cpu;
  }

  /** Uses `array` as the plain place, without copying. It must hold at least `count` elements. */
  borrowCpu(array: FloatArray): void {
    this.#cpu = array;
    this.#cpuFresh = true;
    this.#freshStores.clear();
  }

  /** Any private store that is fresh, or undefined: its layout tells an engine how the data lies now. */
  freshPrivate(): PrivateStore | undefined {
    for (const store of this.#freshStores) return store;
    return undefined;
  }

  /** Whether the plain place is fresh. */
  get isCpuFresh(): boolean {
    return this.#cpuFresh;
  }

  /** The store for `layout`, fresh or stale, if there is one. */
  privateStore(layout: string): PrivateStore | undefined {
    return this.#stores.get(layout);
  }

  /** Whether the store for `layout` holds the newest elements. */
  isPrivateFresh(layout: string): boolean {
    const store = this.#stores.get(layout);
    return store !== undefined && this.#freshStores.has(store);
  }

  /** Keeps `store` as this array's place for its layout; it is stale until said otherwise. */
  adoptPrivate(store: PrivateStore): void {
    const old = this.#stores.get(store.layout);
    if (old) this.#freshStores.delete(old);
    this.#stores.set(store.layout, store);
  }

  /** Says that the store for its layout now holds the newest elements too (after a reorder into it). */
  markPrivateFresh(store: PrivateStore): void {
    this.#freshStores.add(store);
  }

  /** Says that the store was written: the only fresh place from now on. */
  markPrivateWritten(store: PrivateStore): void {
    this.#cpuFresh = false;
    this.#freshStores.clear();
    this.#freshStores.add(store);
  }

  /** Frees the private stores that are stale (layouts of a shape that is gone). */
  dropStale(): void {
    for (const [layout, store] of this.#stores) {
      if (!this.#freshStores.has(store)) this.#stores.delete(layout);
    }
  }
}
