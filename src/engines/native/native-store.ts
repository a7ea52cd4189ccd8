import { plainSharing } from "../../syncedmem/plain-joining.ts";
import type { Joining, PrivateStore, Sharing, SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { FloatArray } from "../../util/arrays.ts";
import type { Addon, Buffer, Layout, Primitive, StoreMemory } from "./addon.ts";
import type { Held, MemoryPool } from "./memory-pool.ts";

/** What a store needs of those that move arrays between layouts: `Layouts`. */
interface Layouts {
  readonly addon: Addon;
  readonly pool: MemoryPool;
  plain(dims: readonly number[]): Layout;
  reorder(from: Layout, to: Layout): Primitive<"from" | "to">;
  run(primitive: Primitive, buffers: readonly Buffer[]): void;
  borrow(mem: SyncedMem, layout: Layout, use: (buffer: Buffer) => void): void;
  write(mem: SyncedMem, layout: Layout): Buffer;
  update(mem: SyncedMem, layout: Layout): Buffer;
}

/** Floats of a line of the cache: shares of an array begin at one. */
const LINE = 16;

/** A copy of an array in one of oneDNN's layouts. */
export class NativeStore implements PrivateStore {
  readonly layout: string;
  readonly described: Layout;
  readonly #layouts: Layouts;
  readonly #isLasting: boolean;
  #held: Held | undefined;
  /** Memory that other processes see: while there is some it lies nowhere else. */
  #seen: { readonly array: Float32Array; readonly memory: StoreMemory } | undefined;

  constructor(layouts: Layouts, described: Layout, isLasting: boolean) {
    this.layout = described.key;
    this.described = described;
    this.#layouts = layouts;
    this.#isLasting = isLasting;
  }

  /** Its memory, to be read; some if it has none. */
  get memory(): StoreMemory {
    if (this.#seen) return this.#seen.memory;
    this.#held ??= this.#take();
    return this.#held.memory;
  }

  /** Its memory, to be written: another than before where that has more holders. */
  own(keepsElements: boolean): StoreMemory {
    if (this.#seen) return this.#seen.memory;
    const before = this.#held;
    if (!before || before.holders === 1) return this.memory;
    this.#held = this.#take();
    if (keepsElements) {
      this.#layouts.addon.copy(this.described.floats, before.memory, this.#held.memory);
    }
    this.#layouts.pool.release(before);
    return this.#held.memory;
  }

  /** Holds its memory once more; the caller ends that with `pool.release`. */
  hold(): Held {
    if (this.#seen) {
      const copy = this.#take();
      this.#layouts.addon.copy(this.described.floats, this.memory, copy.memory);
      return copy;
    }
    this.#held ??= this.#take();
    this.#held.holders++;
    return this.#held;
  }

  /** Gives up its own memory and holds this from now on. */
  adopt(held: Held): void {
    if (this.#seen) {
      this.#layouts.addon.copy(this.described.floats, held.memory, this.memory);
      this.#layouts.pool.release(held);
      return;
    }
    if (this.#held) this.#layouts.pool.release(this.#held);
    this.#held = held;
  }

  release(): void {
    if (this.#held) this.#layouts.pool.release(this.#held);
    this.#held = undefined;
  }

  #take(): Held {
    return this.#layouts.pool.take(this.described.floats, this.#isLasting);
  }

  joining(): Joining {
    const layouts = this.#layouts;
    const { described } = this;
    const { stored: floats } = described;
    const sharing = sharingOf(layouts, described);
    return {
      kind: "sum",
      floats,
      write(mem, to) {
        layouts.borrow(mem, described, (buffer) => {
          if (!sharing.isThere(mem, to)) layouts.addon.copy(floats, buffer, to);
        });
        return true;
      },
      read(mem, [sums]) {
        layouts.addon.copy(floats, sums as Float32Array, layouts.write(mem, described));
      },
      sharing,
    };
  }

  /** Moves its elements to memory that other processes see; without one, back to its own. */
  moveTo(array: Float32Array | undefined): void {
    const { stored } = this.described;
    const from = this.memory;
    if (array) {
      const memory = new this.#layouts.addon.Store(array, 0, stored);
      this.#layouts.addon.copy(stored, from, memory);
      this.release();
      this.#seen = { array, memory };
    } else if (this.#seen) {
      this.#seen = undefined;
      this.#layouts.addon.copy(stored, from, this.memory);
    }
  }

  isIn(array: Float32Array): boolean {
    return this.#seen?.array === array;
  }

  toPlain(plain: FloatArray): void {
    const to = this.#layouts.plain(this.described.dims);
    const reorder = this.#layouts.reorder(this.described, to);
    this.#layouts.run(reorder, [this.memory, plain as Float32Array]);
  }

  fromPlain(plain: FloatArray): void {
    const from = this.#layouts.plain(this.described.dims);
    const reorder = this.#layouts.reorder(from, this.described);
    this.#layouts.run(reorder, [plain as Float32Array, this.memory]);
  }
}

/** How processes share the update of arrays that lie so. */
function sharingOf(layouts: Layouts, layout: Layout): Sharing {
  const { key, stored } = layout;
  const storeOf = (mem: SyncedMem): NativeStore => mem.privateStore(key) as NativeStore;
  return {
    ...plainSharing(stored),
    unit: LINE,
    fits: (mem) => mem.isPrivateFresh(key),
    move(mem, to) {
      layouts.update(mem, layout);
      storeOf(mem).moveTo(to);
    },
    isThere: (mem, memory) => mem.isPrivateFresh(key) && storeOf(mem).isIn(memory),
    markChanged: (mem) => void layouts.update(mem, layout),
    moveGradient(mem, to) {
      layouts.write(mem, layout);
      storeOf(mem).moveTo(to);
      mem.zero();
    },
    // A gradient's layout of shapes that are gone is gone too.
    leave: (mem) => (mem.privateStore(key) as NativeStore | undefined)?.moveTo(undefined),
  };
}
