import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { sameShape } from "../../util/shape.ts";
import type { Buffer, Layout, StoreMemory } from "./addon.ts";
import type { Layouts } from "./layouts.ts";
import { NativeStore } from "./native-store.ts";

/** A parameter's array in the layouts of the primitives that multiply by it. */
export interface Weights {
  /** In that layout, which will be asked for again. */
  read(w: SyncedMem, layout: Layout): Buffer;
  /** In that layout for as long as `use` runs: the array changes before it could be read so again. */
  borrow(w: SyncedMem, layout: Layout, use: (weights: Buffer) => void): void;
  /** What no element of `read` is greater than in magnitude; infinite where one is NaN. */
  greatest(w: SyncedMem, layout: Layout): number;
}

/**
 * Weights of floats lie as the primitives want them; bfloat16 is made of them, and what is learned stays as it is.
 * @param lying how they lie for everyone else, where that is not row-major by the primitives' dims
 */
export function weightsIn(layouts: Layouts, lying?: Layout): Weights {
  return layouts.type === "f32" ? layouts : new RoundedWeights(layouts, lying);
}

/**
 * Copies of weights as bfloat16, made anew when the weights have changed. A primitive that rounds them itself (Winograd's) reads
 * the floats.
 */
class RoundedWeights implements Weights {
  readonly #layouts: Layouts;
  readonly #lying: Layout | undefined;
  #copy: { readonly key: string; readonly memory: StoreMemory } | undefined;
  /** What it was made of, and when. */
  #array: SyncedMem | undefined;
  #writes = 0;
  #greatest: number | undefined;

  constructor(layouts: Layouts, lying: Layout | undefined) {
    this.#layouts = layouts;
    this.#lying = lying;
  }

  read(w: SyncedMem, layout: Layout): Buffer {
    if (layout.type === "f32") return this.#layouts.floats.read(w, layout);
    const { key } = layout;
    if (this.#copy?.key === key && this.#array === w && this.#writes === w.writes) {
      return this.#copy.memory;
    }
    if (this.#copy?.key !== key) this.#copy = { key, memory: this.#layouts.scratch(layout) };
    this.#round(w, layout, this.#copy.memory);
    this.#array = w;
    this.#writes = w.writes;
    this.#greatest = undefined;
    return this.#copy.memory;
  }

  borrow(w: SyncedMem, layout: Layout, use: (weights: Buffer) => void): void {
    if (layout.type === "f32") {
      this.#layouts.floats.borrow(w, layout, use);
      return;
    }
    this.#layouts.lend(layout.floats, (memory) => {
      this.#round(w, layout, memory);
      use(memory);
    });
  }

  greatest(w: SyncedMem, layout: Layout): number {
    if (layout.type === "f32") return this.#layouts.floats.greatest(w, layout);
    const weights = this.read(w, layout);
    this.#greatest ??= this.#layouts.addon.greatest(layout.stored, weights);
    return this.#greatest;
  }

  /** From where the weights lie, which is where they are updated. */
  #round(w: SyncedMem, layout: Layout, to: StoreMemory): void {
    const layouts = this.#layouts;
    const store = w.freshPrivate();
    if (store instanceof NativeStore && sameShape(store.described.dims, layout.dims)) {
      layouts.reorder(store.described, layout).run(store.memory, to);
    } else {
      const plain = this.#lying ?? layouts.floats.plain(layout.dims);
      layouts.reorder(plain, layout).run(w.cpu() as Float32Array, to);
    }
  }
}
