import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { Addon, Buffer } from "./addon.ts";
import type { Layouts } from "./layouts.ts";
import type { Held } from "./memory-pool.ts";

type Product = ReturnType<Addon["innerProductForward"]>;

/** What is timed, and what ends the trial. */
interface Tried {
  readonly run: () => void;
  readonly end: () => void;
}

/** Dense rows of a, m×k, by those of w, n×k, by the library, which reads the weights in a layout of its own. */
export class BlockedProduct {
  readonly #layouts: Layouts;
  readonly #sizes: readonly [m: number, k: number, n: number];
  readonly #hasBias: boolean;
  #made: Product | undefined;

  constructor(layouts: Layouts, m: number, k: number, n: number, hasBias: boolean) {
    this.#layouts = layouts;
    this.#sizes = [m, k, n];
    this.#hasBias = hasBias;
  }

  /** y = a·wᵀ + shifts; from now on the weights lie in that layout. */
  forward(a: Buffer, w: SyncedMem, shifts: Buffer | undefined, y: Buffer): void {
    const { weights } = this.#primitive().layouts;
    this.#run(a, this.#layouts.read(w, weights), shifts, y);
  }

  /** For a trial: what does the same on a copy of the weights, made when it runs first, of which nothing is left once `end` is called. */
  tried(a: Buffer, w: SyncedMem, shifts: Buffer | undefined, y: Buffer): Tried {
    const layouts = this.#layouts;
    let copy: Held | undefined;
    return {
      run: () => {
        if (!copy) {
          const { weights } = this.#primitive().layouts;
          const plain = layouts.plain(weights.dims);
          copy = layouts.kept(weights);
          layouts.reorder(plain, weights).run(layouts.lookAt(w), copy.memory);
        }
        this.#run(a, copy.memory, shifts, y);
      },
      end: () => {
        if (copy) layouts.drop(copy);
      },
    };
  }

  #run(a: Buffer, w: Buffer, shifts: Buffer | undefined, y: Buffer): void {
    this.#layouts.run(this.#primitive(), shifts ? [a, w, y, shifts] : [a, w, y]);
  }

  #primitive(): Product {
    this.#made ??= this.#layouts.addon.innerProductForward(...this.#sizes, this.#hasBias);
    return this.#made;
  }
}
