import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { Addon, Buffer, StoreMemory } from "./addon.ts";
import type { Layouts } from "./layouts.ts";

type Product = ReturnType<Addon["innerProductForward"]>;

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

  /** What does the same, on a copy of the weights that is made when it runs first. */
  tried(a: Buffer, w: SyncedMem, shifts: Buffer | undefined, y: Buffer): () => void {
    let copy: StoreMemory | undefined;
    return () => {
      if (!copy) {
        const { weights } = this.#primitive().layouts;
        const plain = this.#layouts.plain(weights.dims);
        copy = this.#layouts.scratch(weights);
        this.#layouts.reorder(plain, weights).run(this.#layouts.read(w, plain), copy);
      }
      this.#run(a, copy, shifts, y);
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
