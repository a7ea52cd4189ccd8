import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { Buffer, ConvolutionShapes, Layout, Primitive } from "./addon.ts";
import type { Layouts } from "./layouts.ts";
import type { Held } from "./memory-pool.ts";
import type { Tile } from "./winograd.ts";

/** Floats of transformed weights at most, a megabyte: larger ones are read more slowly than small ones are transformed again. */
const MOST = 2 ** 18;

/** What was transformed. */
interface Source {
  readonly array: SyncedMem;
  readonly writes: number;
  readonly factors: Float32Array | undefined;
}

/**
 * Weights that stay, as products of Winograd's algorithm read them: transformed once instead of in each pass. A pass of one image
 * spends as long on that as on the products.
 */
export class PreparedWeights {
  readonly #layouts: Layouts;
  readonly #transform: Primitive<"from" | "to">;
  #held: Held | undefined;
  #source: Source | undefined;

  private constructor(layouts: Layouts, transform: Primitive<"from" | "to">) {
    this.#layouts = layouts;
    this.#transform = transform;
  }

  /** Undefined where they would take too much memory. */
  static of(layouts: Layouts, shapes: ConvolutionShapes, tile: Tile): PreparedWeights | undefined {
    const { addon } = layouts;
    const transform = addon.winogradWeights(shapes, tile, addon.lanes);
    return transform.layouts.to.count > MOST ? undefined : new PreparedWeights(layouts, transform);
  }

  /** The layout of what is transformed. */
  get from(): Layout {
    return this.#transform.layouts.from;
  }

  /**
   * The weights transformed; anew only where they have changed.
   * @param weights w with factors, if there are any, multiplied in, in the layout `from`
   */
  read(w: SyncedMem, factors: Float32Array | undefined, weights: Buffer): Buffer {
    const source = this.#source;
    const isFresh = source?.array === w && source.writes === w.writes && source.factors === factors;
    this.#held ??= this.#layouts.kept(this.#transform.layouts.to);
    if (isFresh) return this.#held.memory;
    this.#layouts.run(this.#transform, [weights, this.#held.memory]);
    this.#source = { array: w, writes: w.writes, factors };
    return this.#held.memory;
  }
}
