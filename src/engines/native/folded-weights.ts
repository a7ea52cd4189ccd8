import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { Watch } from "../../syncedmem/watch.ts";
import type { FloatArray } from "../../util/arrays.ts";
import type { Layout, StoreMemory } from "./addon.ts";
import type { Layouts } from "./layouts.ts";

/**
 * A convolution's weights with a factor for each output channel multiplied in: a BatchNorm and Scale behind it then cost
 * nothing, and any algorithm will do. Made anew only when weights or factors have changed.
 */
export class FoldedWeights {
  readonly #layouts: Layouts;
  readonly #shape: readonly number[];
  readonly #channels: number;
  #memory: StoreMemory | undefined;
  /** What `#memory` was made of. */
  #layout = "";
  readonly #watch: Watch = new Watch();
  #factors: Float32Array | undefined;
  #greatest = Number.POSITIVE_INFINITY;

  /** @param shape of the weights as oneDNN takes them, output channels first */
  constructor(layouts: Layouts, shape: readonly number[], channels: number) {
    this.#layouts = layouts;
    this.#shape = shape;
    this.#channels = channels;
  }

  /** W(o, …) · factors(o), in that layout. */
  read(w: SyncedMem, factors: Float32Array, layout: Layout): StoreMemory {
    const isSame =
      !this.#watch.isNew([w]) &&
      this.#layout === layout.key &&
      this.#factors?.every((factor, o) => factor === factors[o]);
    if (this.#memory && isSame) return this.#memory;
    if (this.#layout !== layout.key) this.#memory = this.#layouts.scratch(layout);
    const memory = this.#memory as StoreMemory;
    this.#fold(w, factors, layout, memory);
    this.#layout = layout.key;
    this.#factors = factors;
    this.#greatest = this.#layouts.addon.greatest(layout.stored, memory);
    return memory;
  }

  /** The greatest magnitude of what `read` gives; infinite where one is NaN. */
  greatest(w: SyncedMem, factors: Float32Array, layout: Layout): number {
    this.read(w, factors, layout);
    return this.#greatest;
  }

  #fold(w: SyncedMem, factors: Float32Array, layout: Layout, to: StoreMemory): void {
    const { addon } = this.#layouts;
    const plain = this.#layouts.plain(this.#shape);
    const folded = new Float32Array(plain.count);
    const size = plain.count / this.#channels;
    const view = [1, this.#channels, size, 1] as const;
    addon.scaleForward(...view, Number.NaN, elementsOf(w, folded), factors, undefined, folded);
    this.#layouts.reorder(plain, layout).run(folded, to);
  }
}

/** The array in row-major order; written to `room` where it does not lie so, for the array to have no copy of its own. */
function elementsOf(w: SyncedMem, room: Float32Array): Float32Array {
  const store = w.isCpuFresh ? undefined : w.freshPrivate();
  if (!store) return w.cpu() as Float32Array;
  store.toPlain(room);
  return room;
}

/** Numbers per channel b·factors + shifts: the bias that goes with folded weights. */
export function foldedBias(
  b: FloatArray | undefined,
  factors: Float32Array,
  shifts: Float32Array,
): Float32Array {
  return shifts.map((shift, o) => (b ? b[o]! * factors[o]! : 0) + shift);
}
