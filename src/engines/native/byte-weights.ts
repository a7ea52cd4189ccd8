import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { byteWeights } from "../ops/bytes.ts";
import type { Layout, StoreMemory } from "./addon.ts";
import type { Layouts } from "./layouts.ts";

/** A product's weights as bytes, in the layouts of the primitives that multiply by them; made anew only when they have changed. */
export class ByteWeights {
  readonly #layouts: Layouts;
  /** As they lie row-major, outputs first. */
  readonly #plain: Layout;
  readonly #outputs: number;
  readonly #scales: readonly number[];
  readonly #isTransposed: boolean;
  #made: { readonly layout: Layout; readonly memory: StoreMemory } | undefined;
  #array: SyncedMem | undefined;
  #writes = 0;
  #factors: Float64Array | undefined;

  constructor(
    layouts: Layouts,
    dims: readonly number[],
    outputs: number,
    scales: readonly number[],
    isTransposed: boolean,
  ) {
    this.#layouts = layouts;
    this.#plain = layouts.plain(dims);
    this.#outputs = outputs;
    this.#scales = scales;
    this.#isTransposed = isTransposed;
  }

  /** @param factors of lines behind the products; others are another array */
  read(w: SyncedMem, factors: Float64Array | undefined, layout: Layout): StoreMemory {
    const made = this.#made;
    const isSame = this.#array === w && this.#writes === w.writes && this.#factors === factors;
    if (made && isSame && made.layout === layout) return made.memory;
    const { addon } = this.#layouts;
    const memory = made?.layout === layout ? made.memory : this.#layouts.scratch(layout);
    const values = w.cpu().subarray(0, w.count);
    const bytes = byteWeights(values, this.#outputs, this.#scales, factors, this.#isTransposed);
    // Not one of those that are kept by their layouts: what the library adds to weights of bytes their keys do not tell.
    addon.reorder(this.#plain, layout).run(bytes, memory);
    this.#made = { layout, memory };
    this.#array = w;
    this.#writes = w.writes;
    this.#factors = factors;
    return memory;
  }
}
