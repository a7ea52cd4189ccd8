import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { Buffer, ConvolutionShapes, Layout, Primitive } from "./addon.ts";
import type { Layouts } from "./layouts.ts";
import { type Factors, isMadeOf, lastPrepared, type MadeOfWeights } from "./made-of-weights.ts";
import type { Tile } from "./winograd.ts";

/** Floats of transformed weights at most, a megabyte: larger ones are read more slowly than small ones are transformed again. */
const MOST = 2 ** 18;

/**
 * Weights that stay, as products of Winograd's algorithm read them: transformed once instead of in each pass. A pass of one image
 * spends as long on that as on the products.
 */
export class PreparedWeights {
  readonly #layouts: Layouts;
  readonly #transform: Primitive<"from" | "to">;
  /** What tells it from others that are made of the same weights. */
  readonly #form: string;
  #array: SyncedMem | undefined;
  #made: MadeOfWeights | undefined;

  private constructor(layouts: Layouts, transform: Primitive<"from" | "to">, tile: Tile) {
    this.#layouts = layouts;
    this.#transform = transform;
    this.#form = `${tile} of ${transform.layouts.from.key}`;
  }

  /** Undefined where they would take too much memory. */
  static of(layouts: Layouts, shapes: ConvolutionShapes, tile: Tile): PreparedWeights | undefined {
    const { addon } = layouts;
    const transform = addon.winogradWeights(shapes, tile, addon.lanes);
    return transform.layouts.to.count > MOST
      ? undefined
      : new PreparedWeights(layouts, transform, tile);
  }

  /** The layout of what is transformed. */
  get from(): Layout {
    return this.#transform.layouts.from;
  }

  /**
   * The weights transformed; anew only where they have changed.
   * @param weights w with factors, if there are any, multiplied in, in the layout `from`
   */
  read(w: SyncedMem, factors: Factors, weights: Buffer): Buffer {
    const own = this.#array === w ? this.#made : undefined;
    if (own && isMadeOf(own, w, factors)) return own.held.memory;
    const last = lastPrepared.get(w, this.#form);
    const made = last && isMadeOf(last, w, factors) ? last : this.#make(w, factors, weights, own);
    this.#array = w;
    this.#made = made;
    return made.held.memory;
  }

  /** Transforms anew, into the memory of `own` where the weights have changed: then it is of no use to others either. */
  #make(
    w: SyncedMem,
    factors: Factors,
    weights: Buffer,
    own: MadeOfWeights | undefined,
  ): MadeOfWeights {
    const kept = own && own.writes !== w.writes ? own : undefined;
    const held = kept?.held ?? this.#layouts.kept(this.#transform.layouts.to);
    this.#layouts.run(this.#transform, [weights, held.memory]);
    const facts = { writes: w.writes, factors };
    if (kept) return Object.assign(kept, facts);
    const made: MadeOfWeights = { held, ...facts };
    lastPrepared.set(w, this.#form, made);
    return made;
  }
}
