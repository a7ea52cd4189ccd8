import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { countOf, type Shape, sameShape } from "../../util/shape.ts";
import type { Freed, Recording, Work } from "../engine.ts";
import type { ByteForm } from "../ops/bytes.ts";
import type {
  Addon,
  Buffer,
  ElementType,
  Layout,
  Primitive,
  StoreMemory,
  ViewArgs,
} from "./addon.ts";
import { takeMadeOf } from "./made-of-weights.ts";
import { type Held, MemoryPool } from "./memory-pool.ts";
import { discard, keepInPlace, moveWeights } from "./moved-weights.ts";
import { NativeStore } from "./native-store.ts";
import { MOST_MEMORY, Tape, withTape } from "./tape.ts";

/** Sums of products of numbers below this do not overflow, whatever their length. */
export const MODEST = 1e15;

/** Shapes for which something is kept. */
const MOST_SHAPES = 4096;

/** Floats that are reserved at a time for the arrays of a pass that is recorded. */
const TAPE_MEMORY = 2 ** 24;

/** What no element of an array is greater than, after so many writes of it; exact if the array was read for it. */
interface Bound {
  readonly writes: number;
  readonly most: number;
  readonly isExact: boolean;
}

/**
 * Brings arrays into the layouts that primitives want, and knows which they are in.
 *
 * The plain layout is the array's cpu copy; any other is a private store that the array keeps, so that a
 * layer finds its input where the layer before left it. A store's memory comes from a pool and goes back when
 * its elements are stale; two arrays of equal elements may hold the same until one of them is written.
 *
 * There are two for an engine: one for layers that compute with floats, and one for those whose arrays are kept as bfloat16
 * (`bf16`). The layouts that each gives have its type of elements, and its `addon` computes with these; an array that lies in
 * the other type is converted when it is read, and an array of bfloat16 is one of floats, rounded, to everyone else.
 */
export class Layouts implements Work {
  readonly addon: Addon;
  readonly type: ElementType;
  /** For floats: this one, or the one beside it. */
  readonly floats: Layouts;
  readonly #bare: Addon;
  #pool: MemoryPool;
  /** The one that is no tape's. */
  readonly #steady: MemoryPool;
  #tape: Tape | undefined;
  /** Names of the implementations that ran since this was last cleared. */
  readonly ran: Set<string>;
  readonly #plain: Map<string, Layout> = new Map();
  /** Layouts of the other type by their keys: the same order with elements of this type. */
  readonly #typed: Map<string, Layout> = new Map();
  readonly #reorders: Map<string, Primitive<"from" | "to">>;
  /** What is known of arrays' magnitudes, and after how many writes of them. */
  readonly #bounds: WeakMap<SyncedMem, Bound>;
  #reordered = 0;

  /** @param floats makes this the one for bfloat16 beside it */
  constructor(addon: Addon, floats?: Layouts) {
    this.#bare = addon;
    this.addon = floats ? { ...addon, ...addon.bf16 } : withTape(addon, () => this.#tape);
    this.type = floats ? "bf16" : "f32";
    this.floats = floats ?? this;
    this.#steady = floats ? floats.#steady : new MemoryPool(addon);
    this.#pool = this.#steady;
    this.ran = floats?.ran ?? new Set();
    this.#reorders = floats ? floats.#reorders : new Map();
    this.#bounds = floats ? floats.#bounds : new WeakMap();
  }

  /** Where arrays that are written from now on lie. */
  get pool(): MemoryPool {
    return this.floats.#pool;
  }

  /** Reorders done so far. */
  get reorders(): number {
    return this.floats.#reordered;
  }

  /** Notes all calls until the tape that this gives is ended; undefined where that would hold too much memory. */
  record(least: number): Recording | undefined {
    if (least > MOST_MEMORY) return undefined;
    const { pool } = this;
    // What passes have taken so far they do not take again: it would lie there beside the tape's.
    this.giveBack();
    const tape = new Tape(this.#bare, new MemoryPool(this.#bare, TAPE_MEMORY));
    this.#tape = tape;
    this.#pool = tape.pool;
    return {
      knows: (mem) => tape.knows(mem),
      end: () => {
        this.#tape = undefined;
        this.#pool = pool;
        return tape.end();
      },
    };
  }

  get peakBytes(): number {
    return this.pool.bytes;
  }

  giveBack(freed: readonly Freed[] = []): void {
    const pool = this.floats.#steady;
    for (const { mem, array } of freed) {
      for (const held of takeMadeOf(mem)) pool.release(held);
      if (array) discard(this.addon, array as Float32Array);
    }
    pool.giveBack();
  }

  /** Ends what `kept` began: the memory is the system's again. */
  drop(held: Held): void {
    this.floats.#steady.release(held);
    this.giveBack();
  }

  /** The row-major layout of those dims. */
  plain(dims: Shape): Layout {
    const key = dims.join("x");
    let layout = this.#plain.get(key);
    if (!layout) {
      layout = new this.addon.Layout(dims, undefined, this.type);
      remember(this.#plain, key, layout);
    }
    return layout;
  }

  /** The layout of those dims with channels in such blocks. */
  blocked(dims: Shape, block: number): Layout {
    return new this.addon.Layout(dims, block, this.type);
  }

  /** The layout of those dims with elements kept as bytes: in the order of another, by default with channels last where there are planes. */
  bytes(dims: Shape, { type, scale }: ByteForm, order?: Layout): Layout {
    const hasPlanes = dims.length >= 3 && dims.length <= 5;
    const ordered = order ?? (hasPlanes ? this.blocked(dims, 0) : this.plain(dims));
    return new this.addon.Layout(ordered, undefined, type, scale);
  }

  /** Whether the array lies as bytes. */
  areBytes(mem: SyncedMem): boolean {
    const store = mem.freshPrivate();
    return (
      store instanceof NativeStore &&
      (store.described.type === "u8" || store.described.type === "s8")
    );
  }

  /** The layout of the same order with elements of this type. */
  #typedOf(layout: Layout): Layout {
    if (layout.type === this.type) return layout;
    let typed = this.#typed.get(layout.key);
    if (!typed) {
      typed = new this.addon.Layout(layout, undefined, this.type);
      remember(this.#typed, layout.key, typed);
    }
    return typed;
  }

  /** The primitive that moves elements from one layout to another; made once. */
  reorder(from: Layout, to: Layout): Primitive<"from" | "to"> {
    this.floats.#reordered++;
    const key = `${from.key}>${to.key}`;
    let primitive = this.#reorders.get(key);
    if (!primitive) {
      // Weights are what lies in no blocks of channels alone.
      const padsWeights = to.stored > to.count && (from.block === 0 || to.block === 0);
      const isOurs = padsWeights && !this.addon.reorderPadsWeights;
      primitive = isOurs ? this.addon.moveElements(from, to) : this.addon.reorder(from, to);
      remember(this.#reorders, key, primitive);
    }
    return primitive;
  }

  /** The layout in which an array of those dims lies now. */
  current(mem: SyncedMem, dims: Shape): Layout {
    const store = mem.freshPrivate();
    return store instanceof NativeStore && sameShape(store.described.dims, dims)
      ? this.#typedOf(store.described)
      : this.plain(dims);
  }

  /** As `current`, but plain where that is not what is wanted: channels in blocks, no padding that has to stay zero. */
  currentOf(mem: SyncedMem, dims: Shape, ...wants: readonly ("blocks" | "no padding")[]): Layout {
    const layout = this.current(mem, dims);
    const fits = wants.every((want) =>
      want === "blocks" ? layout.block > 0 : layout.stored === layout.count,
    );
    return fits ? layout : this.plain(dims);
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
    if (mem.isZero) {
      this.#tape?.spoil();
      store.memory.zero();
    } else if (
      !mem.isCpuFresh &&
      source instanceof NativeStore &&
      sameShape(source.described.dims, layout.dims)
    ) {
      this.run(this.reorder(source.described, layout), [source.memory, store.memory]);
    } else if (moveWeights(this.addon, mem, this.plain(layout.dims), store)) return store.memory;
    else store.fromPlain(mem.lookAtCpu());
    mem.markPrivateFresh(store);
    if (mem.isLasting && layout.type === "f32") mem.dropCpu();
    return store.memory;
  }

  /** As `read` in the plain layout, for a product that is done with the weights before anything else reads them: they may be moved then. */
  lookAt(weights: SyncedMem): Float32Array {
    const array = weights.lookAtCpu() as Float32Array;
    if (this.#tape) keepInPlace(array);
    return array;
  }

  /** The array in that layout, every element to be written. */
  write(mem: SyncedMem, layout: Layout): Buffer {
    // Calls for bfloat16 are not noted.
    if (this.floats !== this) this.floats.#tape?.spoil();
    if (layout.isPlain) return mem.overwriteCpu() as Float32Array;
    const store = this.#store(mem, layout);
    mem.markPrivateWritten(store);
    return store.own(false);
  }

  /** The array in that layout, to be read and changed. */
  update(mem: SyncedMem, layout: Layout): Buffer {
    if (layout.isPlain) return mem.mutableCpu() as Float32Array;
    this.read(mem, layout);
    const store = this.#store(mem, layout);
    mem.markPrivateWritten(store);
    // What is updated in this layout in every step need not lie in another too.
    mem.dropCpu();
    return store.own(true);
  }

  /**
   * What no element of the array is greater than in magnitude; infinite where one is NaN. The array is read unless what is
   * known of it is modest, or was read of it since it was written.
   */
  greatest(mem: SyncedMem, layout: Layout): number {
    const known = this.#bounds.get(mem);
    if (known?.writes === mem.writes && (known.isExact || known.most < MODEST)) return known.most;
    const most = this.addon.greatest(layout.stored, this.read(mem, layout));
    this.#bounds.set(mem, { writes: mem.writes, most, isExact: true });
    return most;
  }

  /** As `greatest`, of what is known without reading the array; infinite where that is nothing. */
  knownGreatest(mem: SyncedMem): number {
    const known = this.#bounds.get(mem);
    return known?.writes === mem.writes ? known.most : Number.POSITIVE_INFINITY;
  }

  /** Keeps what no element of the array, as it was written last, can be greater than. */
  bound(mem: SyncedMem, most: number): void {
    this.#bounds.set(mem, { writes: mem.writes, most, isExact: false });
  }

  /**
   * Lets `to` have the elements of `from`, without copying where the layout is a private one.
   * @param as another layout, which takes as many bytes, where those of `from` stand for something else in `to`
   */
  share(from: SyncedMem, to: SyncedMem, layout: Layout, as: Layout = layout): void {
    if (from === to) return;
    if (layout.isPlain) {
      this.addon.copy(layout.stored, this.read(from, layout), this.write(to, layout));
      return;
    }
    this.read(from, layout);
    const store = this.#store(to, as);
    store.adopt(this.#store(from, layout).hold());
    to.markPrivateWritten(store);
  }

  /**
   * Holds the array's elements as they are now, for an op that reads them later although they may be
   * overwritten in between. Copies only where the layout is plain.
   */
  keep(mem: SyncedMem, layout: Layout): Held {
    const now = this.read(mem, layout);
    if (!layout.isPlain) return this.#store(mem, layout).hold();
    const held = this.pool.take(layout.stored);
    this.addon.copy(layout.stored, now, held.memory);
    return held;
  }

  /**
   * Makes the padding behind the channels zero again, as every op that reads blocks expects: a convolution of numbers that
   * are not finite leaves 0 · ∞ there.
   */
  clearPadding(mem: SyncedMem, layout: Layout): void {
    if (layout.stored === layout.count) return;
    this.addon.clearPadding(...viewOf(layout), this.update(mem, layout));
  }

  /** The array in that layout for as long as `use` runs: where it lies in another, the copy is not kept. */
  borrow(mem: SyncedMem, layout: Layout, use: (buffer: Buffer) => void): void {
    const from = mem.freshPrivate();
    const isThere = layout.isPlain || mem.isPrivateFresh(layout.key);
    if (isThere || !(from instanceof NativeStore && sameShape(from.described.dims, layout.dims))) {
      use(this.read(mem, layout));
      return;
    }
    this.lend(layout.floats, (memory) => {
      this.run(this.reorder(from.described, layout), [from.memory, memory]);
      use(memory);
    });
  }

  /** Runs it, with memory to work in from the pool where it wants some. */
  run(primitive: Primitive, buffers: readonly Buffer[]): void {
    if (primitive.scratch === 0) this.#run(primitive, buffers);
    else this.lend(primitive.scratch, (scratch) => this.#run(primitive, [...buffers, scratch]));
  }

  #run(primitive: Primitive, buffers: readonly Buffer[]): void {
    this.#tape?.add(primitive, buffers);
    primitive.run(...buffers);
  }

  /** Memory of the pool for as long as `use` runs, with whatever was there. */
  lend(count: number, use: (memory: StoreMemory) => void): void {
    this.pool.lend(count, use);
  }

  /** Memory of an op's own for what it makes once and reads in every pass; it goes back when nobody knows it any more. */
  kept(layout: Layout): Held {
    return this.floats.#steady.take(layout.floats, true);
  }

  /** Memory of an op's own. */
  scratch(layout: Layout): StoreMemory {
    return new this.addon.Store(layout.floats);
  }

  #store(mem: SyncedMem, layout: Layout): NativeStore {
    const kept = mem.privateStore(layout.key);
    if (kept instanceof NativeStore) return kept;
    const store = new NativeStore(this.floats, layout, mem.isLasting);
    mem.adoptPrivate(store);
    return store;
  }
}

/** Keeps what was made for shapes: all is made anew once it is more than nets of ever the same shapes have. */
function remember<T>(made: Map<string, T>, key: string, one: T): void {
  if (made.size >= MOST_SHAPES) made.clear();
  made.set(key, one);
}

/** An array in that layout as loops over channels (axis 1) see it. */
export function viewOf({ dims, block }: Layout): ViewArgs {
  const [n = 1, c = 1] = dims;
  const s = countOf(dims, 2);
  // A single position per channel: plain is channels-last, which needs no loop of one turn.
  return [n, c, s, block === 1 && s === 1 ? Math.max(c, 1) : block];
}
