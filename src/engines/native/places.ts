import type { PrivateStore, SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { FloatArray } from "../../util/arrays.ts";
import { type Shape, sameShape } from "../../util/shape.ts";
import type { Addon, Buffer, Layout, Primitive, StoreMemory } from "./addon.ts";

/** A copy of an array in one of oneDNN's layouts. */
class NativeStore implements PrivateStore {
  readonly layout: string;
  readonly described: Layout;
  readonly memory: StoreMemory;
  readonly #places: Places;

  constructor(places: Places, described: Layout) {
    this.layout = described.key;
    this.described = described;
    this.memory = new places.addon.Store(described);
    this.#places = places;
  }

  toPlain(plain: FloatArray): void {
    const to = this.#places.plain(this.described.dims);
    this.#places.reorder(this.described, to).run(this.memory, plain as Float32Array);
  }

  fromPlain(plain: FloatArray): void {
    const from = this.#places.plain(this.described.dims);
    this.#places.reorder(from, this.described).run(plain as Float32Array, this.memory);
  }
}

/**
 * Brings arrays into the layouts that primitives want, and knows which they are in.
 *
 * The plain layout is the array's cpu place; any other is a private store that the array keeps, so that a
 * layer finds its input where the layer before left it.
 */
export class Places {
  readonly addon: Addon;
  /** Reorders done so far: what is left to save. */
  reorders = 0;
  readonly #plain: Map<string, Layout> = new Map();
  readonly #reorders: Map<string, Primitive<"from" | "to">> = new Map();

  constructor(addon: Addon) {
    this.addon = addon;
  }

  /** The row-major layout of those dims. */
  plain(dims: Shape): Layout {
    const key = dims.join("x");
    let layout = this.#plain.get(key);
    if (!layout) {
      layout = new this.addon.Layout(dims);
      this.#plain.set(key, layout);
    }
    return layout;
  }

  /** The primitive that moves elements from one layout to another; made once. */
  reorder(from: Layout, to: Layout): Primitive<"from" | "to"> {
    this.reorders++;
    const key = `${from.key}>${to.key}`;
    let primitive = this.#reorders.get(key);
    if (!primitive) {
      primitive = this.addon.reorder(from, to);
      this.#reorders.set(key, primitive);
    }
    return primitive;
  }

  /** The layout in which an array of those dims lies now. */
  current(mem: SyncedMem, dims: Shape): Layout {
    const store = mem.freshPrivate();
    return store instanceof NativeStore && sameShape(store.described.dims, dims)
      ? store.described
      : this.plain(dims);
  }

  /** The dims under which the array's newest private copy is known; undefined where it lies plain. */
  dimsOf(mem: SyncedMem): Shape | undefined {
    const store = mem.freshPrivate();
    return store instanceof NativeStore ? store.described.dims : undefined;
  }

  /** The array in that layout, to be read. */
  read(mem: SyncedMem, layout: Layout): Buffer {
    if (layout.isPlain) return mem.cpu() as Float32Array;
    const store = this.#store(mem, layout);
    if (mem.isPrivateFresh(layout.key)) return store.memory;
    const source = mem.freshPrivate();
    if (mem.isZero) store.memory.zero();
    else if (
      !mem.isCpuFresh &&
      source instanceof NativeStore &&
      sameShape(source.described.dims, layout.dims)
    ) {
      this.reorder(source.described, layout).run(source.memory, store.memory);
    } else store.fromPlain(mem.cpu());
    mem.markPrivateFresh(store);
    return store.memory;
  }

  /** The array in that layout, every element to be written. */
  write(mem: SyncedMem, layout: Layout): Buffer {
    if (layout.isPlain) return mem.overwriteCpu() as Float32Array;
    const store = this.#store(mem, layout);
    mem.markPrivateWritten(store);
    return store.memory;
  }

  /** The array in that layout, to be read and changed. */
  update(mem: SyncedMem, layout: Layout): Buffer {
    if (layout.isPlain) return mem.mutableCpu() as Float32Array;
    const buffer = this.read(mem, layout);
    mem.markPrivateWritten(this.#store(mem, layout));
    return buffer;
  }

  /** Memory of an op's own. */
  scratch(layout: Layout): StoreMemory {
    return new this.addon.Store(layout);
  }

  #store(mem: SyncedMem, layout: Layout): NativeStore {
    const kept = mem.privateStore(layout.key);
    if (kept instanceof NativeStore) return kept;
    const store = new NativeStore(this, layout);
    mem.adoptPrivate(store);
    return store;
  }
}

/** Makes something once for each layout it is asked for. */
export class PerLayout<T> {
  readonly #made: Map<string, T> = new Map();
  readonly #make: (layout: Layout) => T;
  #lastKey = "";
  #last: T | undefined;

  constructor(make: (layout: Layout) => T) {
    this.#make = make;
  }

  get(layout: Layout): T {
    if (this.#last !== undefined && this.#lastKey === layout.key) return this.#last;
    let value = this.#made.get(layout.key);
    if (value === undefined) {
      value = this.#make(layout);
      this.#made.set(layout.key, value);
    }
    this.#lastKey = layout.key;
    this.#last = value;
    return value;
  }
}
