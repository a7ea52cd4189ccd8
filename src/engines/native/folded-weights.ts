import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { FloatArray } from "../../util/arrays.ts";
import type { Layout, StoreMemory } from "./addon.ts";
import type { Layouts } from "./layouts.ts";
import { type Folded, isMadeOf, lastFolded } from "./made-of-weights.ts";

/**
 * A convolution's weights with a factor for each output channel multiplied in: a BatchNorm and Scale behind it then cost
 * nothing, and any algorithm will do. Made anew only when weights or factors have changed.
 */
export class FoldedWeights {
  readonly #layouts: Layouts;
  readonly #shape: readonly number[];
  readonly #channels: number;
  #array: SyncedMem | undefined;
  #folded: Folded | undefined;
  /** The layout of that. */
  #layout = "";

  /** @param shape of the weights as oneDNN takes them, output channels first */
  constructor(layouts: Layouts, shape: readonly number[], channels: number) {
    this.#layouts = layouts;
    this.#shape = shape;
    this.#channels = channels;
  }

  /** W(o, …) · factors(o), in that layout; factors that have changed are another array. */
  read(w: SyncedMem, factors: Float32Array, layout: Layout): StoreMemory {
    return this.#fresh(w, factors, layout).held.memory;
  }

  /** The greatest magnitude of what `read` gives; infinite where one is NaN. */
  greatest(w: SyncedMem, factors: Float32Array, layout: Layout): number {
    return this.#fresh(w, factors, layout).greatest;
  }

  #fresh(w: SyncedMem, factors: Float32Array, layout: Layout): Folded {
    const own = this.#array === w && this.#layout === layout.key ? this.#folded : undefined;
    if (own && isMadeOf(own, w, factors)) return own;
    const last = lastFolded.get(w, layout.key);
    const folded = last && isMadeOf(last, w, factors) ? last : this.#fold(w, factors, layout, own);
    this.#array = w;
    this.#folded = folded;
    this.#layout = layout.key;
    return folded;
  }

  /** Folds anew, into the memory of `own` where the weights have changed: then it is of no use to others either. */
  #fold(w: SyncedMem, factors: Float32Array, layout: Layout, own: Folded | undefined): Folded {
    const { floats } = this.#layouts;
    const kept = own && own.writes !== w.writes ? own : undefined;
    const held = kept?.held ?? this.#layouts.kept(layout);
    const { memory } = held;
    const plain = floats.plain(this.#shape);
    const view = [1, this.#channels, plain.count / this.#channels, 1] as const;
    this.#layouts.lend(plain.count, (room) => {
      floats.addon.scaleForward(
        ...view,
        Number.NaN,
        elementsOf(floats, w),
        factors,
        undefined,
        room,
      );
      this.#layouts.reorder(plain, layout).run(room, memory);
    });
    const { addon } = layout.type === "f32" ? floats : this.#layouts;
    const greatest = addon.greatest(layout.stored, memory);
    const facts = { writes: w.writes, factors, greatest };
    if (kept) return Object.assign(kept, facts);
    const folded: Folded = { held, ...facts };
    lastFolded.set(w, layout.key, folded);
    return folded;
  }
}

/** The array in row-major order; where it does not lie so it gets no copy of its own. */
function elementsOf(layouts: Layouts, w: SyncedMem): Float32Array {
  const store = w.isCpuFresh ? undefined : w.freshPrivate();
  if (!store) return layouts.lookAt(w);
  const plain = new Float32Array(w.count);
  store.toPlain(plain);
  return plain;
}

/** Numbers per channel b·factors + shifts: the bias that goes with folded weights. */
export function foldedBias(
  b: FloatArray | undefined,
  factors: Float32Array,
  shifts: Float32Array,
): Float32Array {
  return shifts.map((shift, o) => (b ? b[o]! * factors[o]! : 0) + shift);
}
