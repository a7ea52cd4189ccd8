import { allocate, type DType, type FloatArray } from "../util/arrays.ts";
import { CaffeError } from "../util/errors.ts";
import type { DeviceStore } from "./device-store.ts";
import type { SoleArray } from "./sole-array.ts";

/** Where the newest copy of an array lies; Caffe's words, and one more for an engine's own layout. */
type Head = "UNINITIALIZED" | "HEAD_AT_CPU" | "HEAD_AT_PRIVATE" | "HEAD_AT_GPU" | "SYNCED";

/**
 * A copy of an array in an engine's own layout on the CPU, opaque outside that engine.
 *
 * `layout` names dimensions, order and blocking: two stores with the same layout hold the same
 * elements in the same order. Moving between it and the plain layout is a synchronous reorder.
 */
export interface PrivateStore {
  readonly layout: string;
  /** Writes the elements in plain row-major order; `plain` has room for at least as many. */
  toPlain(plain: FloatArray): void;
  /** Its elements are of no use any more: gives back the memory until it is written again. */
  release(): void;
  /**
   * How it comes together with the copies in the same layout of so many processes, itself among them, of arrays that are to
   * be added up; undefined where the plain copies are added.
   */
  joining?(processes: number): Joining | undefined;
}

/** How one process's part of a sum travels, and comes back as the sum. */
export interface Joining {
  /** Whether floats of all processes are added up on their way, or arrive side by side. */
  readonly kind: "sum" | "side by side";
  /** Floats of one process that travel. */
  readonly floats: number;
  /** Writes those of an array, however it lies now; false where this is not possible. */
  write(mem: SyncedMem, to: Float32Array): boolean;
  /** Makes an array the sum: of one part, that of all processes added up, or of every process's. */
  read(mem: SyncedMem, parts: readonly Float32Array[]): void;
  readonly sharing: Sharing;
}

/**
 * How processes of one machine share the update of a parameter: it lies in memory that all of them see, as its history does,
 * in the layout of such a gradient, and each changes elements that no other does.
 */
export interface Sharing {
  /** Elements in that layout. */
  readonly elements: number;
  /** A share begins at a multiple of so many. */
  readonly unit: number;
  /** Whether an array, a parameter or of its history, lies so that it can be moved. */
  fits(mem: SyncedMem): boolean;
  /** Moves an array that fits to that memory. */
  move(mem: SyncedMem, to: Float32Array): void;
  /** Lets a gradient, which is all zeros, be written there from now on where that spares a copy. */
  moveGradient(mem: SyncedMem, to: Float32Array): void;
  /** Whether an array lies there, and nowhere else what is newer. */
  isThere(mem: SyncedMem, memory: Float32Array): boolean;
  /** Says that others have changed it there. */
  markChanged(mem: SyncedMem): void;
  /** Gives an array memory of its own again, with what it holds. */
  leave(mem: SyncedMem): void;
  /** Makes `to` the elements `begin` to `end` of the sum of all processes' parts, which stay as they are until it is read. */
  sum(parts: readonly Float32Array[], begin: number, end: number, to: SyncedMem): void;
}

/**
 * One logical array of `count` elements, in copies of which some are fresh.
 *
 * There is the `cpu` copy (a typed array in row-major order, what programs read), any number of private copies in an
 * engine's layouts, and one on a device. A reader asks for a copy, which is brought up to date only if it is stale; a
 * writer makes its copy the only fresh one. Nothing is allocated before its first use.
 * An array that has not been written is all zeros and costs no memory: `zero()` returns to that state.
 *
 * Cpu and private copies are the host: data moves between them at once. What lies on a device alone has to be
 * awaited with `toHost` before it is read on the host; the Net does that for its layers.
 *
 * @see Caffe's SyncedMemory; the private copies follow Intel Caffe's PRV head
 */
export class SyncedMem {
  readonly count: number;
  readonly dtype: DType;
  /**
   * The elements are read once: an engine may keep them in a form that is cheaper than an array, and forget them then.
   * False by default.
   */
  isReadOnce = false;
  /**
   * Holds something from step to step (a parameter, a history): an engine keeps it apart from what comes and goes, so
   * that no gap is left there. False by default.
   */
  isLasting = false;
  #cpu: FloatArray | undefined;
  #cpuFresh = false;
  /** Others see the memory of the cpu copy: it stays where it is. */
  #isCpuSeen = false;
  /** The cpu copy came by `keepCpu`, and nobody has been given it. */
  #isCpuSole = false;
  /** Copies in engines' layouts, and those of them that are fresh; undefined before the first. */
  #stores: Map<string, PrivateStore> | undefined;
  #freshStores: Set<PrivateStore> | undefined;
  #device: DeviceStore | undefined;
  /** How many blobs use it. */
  #holders = 1;
  #deviceFresh = false;
  /** The device's copy is the zeros of an array that has not been written. */
  #isZeroOnDevice = false;
  #arriving: Promise<void> | undefined;
  #writes = 0;
  #isGivenUp = false;

  constructor(count: number, dtype: DType = "f32") {
    this.count = count;
    this.dtype = dtype;
  }

  /** Where the newest copy is. */
  get head(): Head {
    const fresh: Head[] = [];
    if (this.#cpuFresh) fresh.push("HEAD_AT_CPU");
    if (this.#freshCount > 0) fresh.push("HEAD_AT_PRIVATE");
    if (this.#deviceFresh) fresh.push("HEAD_AT_GPU");
    return fresh.length > 1 ? "SYNCED" : (fresh[0] ?? "UNINITIALIZED");
  }

  /** How often it was written or made zeros: a user of the elements sees by it whether they have changed. */
  get writes(): number {
    return this.#writes;
  }

  /** True while nothing has been written since construction or `zero()`: every element is 0. */
  get isZero(): boolean {
    const isFresh = this.#cpuFresh || this.#deviceFresh || this.#freshCount > 0;
    return !isFresh || this.#isZeroOnDevice;
  }

  /** Whether the elements can be read on the host at once. */
  get isOnHost(): boolean {
    const isElsewhere = this.#cpuFresh || this.#freshCount > 0 || this.#isZeroOnDevice;
    return !this.#deviceFresh || isElsewhere;
  }

  /** Bytes of all copies. */
  get residentBytes(): number {
    const copies = this.#freshCount + (this.#cpu ? 1 : 0);
    return copies * this.count * (this.dtype === "f32" ? 4 : 8) + (this.#device?.bytes ?? 0);
  }

  /** Makes every element 0 without touching memory: the next reader finds zeros. */
  zero(): void {
    this.#stale();
    // A device's memory is small: what is all zeros gives its share of it to others.
    this.#device?.free();
    this.#device = undefined;
  }

  /** As `zero`, of elements that nothing is to read before they are written anew. */
  giveUp(): void {
    this.zero();
    this.#isGivenUp = true;
  }

  /** Whether it was given up and not written since. */
  get isGivenUp(): boolean {
    return this.#isGivenUp;
  }

  /** Brings the elements to the host if they lie on a device alone. */
  async toHost(): Promise<void> {
    if (this.isOnHost) return;
    this.#arriving ??= this.#download();
    await this.#arriving;
  }

  async #download(): Promise<void> {
    this.#cpu ??= allocate(this.dtype, this.count);
    const writes = this.#writes;
    try {
      await this.#device?.download(this.#cpu);
      // A write in the meantime made what has arrived stale.
      if (writes === this.#writes) this.#cpuFresh = true;
    } finally {
      this.#arriving = undefined;
    }
  }

  /**
   * The elements in row-major order, to be read.
   * @throws CaffeError where they lie on a device alone and `toHost` was not awaited
   */
  cpu(): FloatArray {
    this.#isCpuSole = false;
    return this.lookAtCpu();
  }

  /** As `cpu`, for who is done with the array before anything else is done with this one: what `keepCpu` has brought stays sole. */
  lookAtCpu(): FloatArray {
    if (this.#cpuFresh && this.#cpu) return this.#cpu;
    if (!this.isOnHost) {
      throw new CaffeError(
        `${this.count} elements that lie on the GPU are read on the host. Expected toHost() to be awaited first.`,
      );
    }
    if (!this.#cpu) this.#cpu = allocate(this.dtype, this.count);
    else if (this.isZero) this.#cpu.fill(0);
    const source = this.freshPrivate();
    if (source) source.toPlain(this.#cpu);
    this.#cpuFresh = true;
    return this.#cpu;
  }

  /** The elements in row-major order, to be read and written: the only fresh copy from now on. */
  mutableCpu(): FloatArray {
    const cpu = this.cpu();
    this.#stale();
    this.#cpuFresh = true;
    return cpu;
  }

  /** As `mutableCpu`, for a writer that sets every element that will be read: nothing is moved in. */
  overwriteCpu(): FloatArray {
    this.#isCpuSole = false;
    this.#cpu ??= allocate(this.dtype, this.count);
    this.#stale();
    this.#cpuFresh = true;
    return this.#cpu;
  }

  /** Uses `array` as the cpu copy, without copying it. It must hold at least `count` elements. */
  borrowCpu(array: FloatArray): void {
    if (this.#isCpuSeen) this.#cpu?.set(array.subarray(0, this.count));
    else this.#cpu = array;
    this.#isCpuSole = false;
    this.#stale();
    this.#cpuFresh = true;
  }

  /**
   * Makes an array that nobody else has the cpu copy, of an array that has had none: one that is there may be seen. False where it
   * has to be copied.
   */
  keepCpu(sole: SoleArray): boolean {
    const array = this.#cpu
      ? undefined
      : sole.take(this.count, this.dtype === "f32" ? Float32Array : Float64Array);
    if (!array) return false;
    this.borrowCpu(array);
    this.#isCpuSole = true;
    return true;
  }

  /** The newest elements in an array that came by `keepCpu` and that nobody has asked for since: once dropped, its memory may go. */
  get soleCpu(): FloatArray | undefined {
    return this.#isCpuSole && this.#cpuFresh && !this.#isCpuSeen ? this.#cpu : undefined;
  }

  /**
   * Moves the cpu copy, as it is now, to memory that others see (another process), and keeps it there until `free`.
   * @param array of exactly `count` elements
   * @throws CaffeError as `cpu`
   */
  moveCpu(array: FloatArray): void {
    array.set(this.cpu());
    this.#cpu = array;
    this.#isCpuSeen = true;
  }

  /** Moves the cpu copy back to memory that no other sees. */
  takeCpuBack(): void {
    this.#cpu = this.#cpu?.slice();
    this.#isCpuSeen = false;
  }

  /** Whether `array` is the cpu copy. */
  keepsCpuIn(array: FloatArray): boolean {
    return this.#cpu === array;
  }

  /** Any private store that is fresh, or undefined: its layout tells an engine how the data lies now. */
  freshPrivate(): PrivateStore | undefined {
    if (this.#freshStores) for (const store of this.#freshStores) return store;
    return undefined;
  }

  /** Whether the cpu copy is fresh. */
  get isCpuFresh(): boolean {
    return this.#cpuFresh;
  }

  /** The store for `layout`, fresh or stale, if there is one. */
  privateStore(layout: string): PrivateStore | undefined {
    return this.#stores?.get(layout);
  }

  /** Whether the store for `layout` holds the newest elements. */
  isPrivateFresh(layout: string): boolean {
    const store = this.#stores?.get(layout);
    return store !== undefined && this.#freshStores?.has(store) === true;
  }

  /** Keeps `store` as this array's copy in its layout; it is stale until said otherwise. */
  adoptPrivate(store: PrivateStore): void {
    this.#stores ??= new Map();
    const old = this.#stores.get(store.layout);
    if (old) this.#freshStores?.delete(old);
    this.#stores.set(store.layout, store);
  }

  /** Says that the store for its layout now holds the newest elements too (after a reorder into it). */
  markPrivateFresh(store: PrivateStore): void {
    this.#addFresh(store);
  }

  /** Says that the store was written: the only fresh copy from now on. */
  markPrivateWritten(store: PrivateStore): void {
    this.#stale(store);
    this.#addFresh(store);
  }

  /** The copy in a device's memory, fresh or stale, if there is one. */
  get deviceStore(): DeviceStore | undefined {
    return this.#device;
  }

  /** Whether the device holds the newest elements. */
  get isDeviceFresh(): boolean {
    return this.#deviceFresh;
  }

  /** Keeps `store` as this array's copy on a device, instead of the one before; it is stale until said otherwise. */
  adoptDevice(store: DeviceStore): void {
    this.#device?.free();
    this.#device = store;
    this.#deviceFresh = false;
  }

  /** Keeps `store`, in which the same elements lie, instead of the one before. */
  replaceDevice(store: DeviceStore): void {
    this.#device?.free();
    this.#device = store;
  }

  /** Says that the device now holds the newest elements too (after an upload). */
  markDeviceFresh(): void {
    this.#isZeroOnDevice = this.isZero;
    this.#deviceFresh = true;
  }

  /** Says that the device's copy was written: the only fresh one from now on. */
  markDeviceWritten(): void {
    this.#stale();
    this.#deviceFresh = true;
  }

  /** Makes every copy stale; the store that is about to be written keeps its memory. */
  #stale(kept?: PrivateStore): void {
    this.#writes++;
    this.#isGivenUp = false;
    this.#isZeroOnDevice = false;
    this.#cpuFresh = false;
    this.#releaseStores(kept);
    this.#deviceFresh = false;
  }

  /** Whether several blobs use this array. */
  get isShared(): boolean {
    return this.#holders > 1;
  }

  /** One more blob uses this array: it is freed when all have freed it. */
  hold(): this {
    this.#holders++;
    return this;
  }

  /** Whether no blob uses it any more. */
  get isFreed(): boolean {
    return this.#holders <= 0;
  }

  /** One blob less uses this array; the last one gives back the memory of every copy. */
  free(): void {
    if (--this.#holders > 0) return;
    this.#stale();
    this.#cpu = undefined;
    this.#isCpuSeen = false;
    this.#stores?.clear();
    this.#device?.free();
    this.#device = undefined;
  }

  /** Frees the cpu copy of an array that lives on in a private layout. */
  dropCpu(): void {
    if (this.#freshCount === 0 || this.#isCpuSeen) return;
    this.#cpu = undefined;
    this.#cpuFresh = false;
  }

  /** Frees the private stores that are stale (layouts of a shape that is gone). */
  dropStale(): void {
    for (const [layout, store] of this.#stores ?? []) {
      if (!this.#freshStores?.has(store)) this.#stores?.delete(layout);
    }
  }

  #releaseStores(kept?: PrivateStore): void {
    if (this.#freshCount === 0) return;
    for (const store of this.#freshStores ?? []) if (store !== kept) store.release();
    this.#freshStores?.clear();
  }

  #addFresh(store: PrivateStore): void {
    this.#freshStores ??= new Set();
    this.#freshStores.add(store);
  }

  get #freshCount(): number {
    return this.#freshStores?.size ?? 0;
  }
}
