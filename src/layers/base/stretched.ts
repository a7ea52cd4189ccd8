import { Blob } from "../../blob/blob.ts";
import type { BroadcastDescriptor, CopyOp, Engine, Primitive } from "../../engines/engine.ts";
import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { DType } from "../../util/arrays.ts";

/** A vector copied to all places of a larger blob over which it lies: y(o, l, i) = x(l). */
export class Stretched {
  /** What it asks its engine for. */
  static readonly needs: readonly Primitive[] = ["tile"];

  /** The copies, and their gradients. */
  readonly blob: Blob;
  readonly #rows: Blob;
  readonly #within: CopyOp;
  readonly #over: CopyOp;

  constructor(engine: Engine, dtype: DType, { shape, outer, length, inner }: BroadcastDescriptor) {
    this.blob = new Blob(shape, dtype);
    this.#rows = new Blob([length * inner], dtype);
    this.#within = engine.tile({ outer: length, tiles: inner, inner: 1 });
    this.#over = engine.tile({ outer: 1, tiles: outer, inner: length * inner });
  }

  /** Copies x. */
  forward(x: SyncedMem): void {
    this.#within.forward(x, this.#rows.dataMem);
    this.#over.forward(this.#rows.dataMem, this.blob.dataMem);
  }

  /** dx, which is overwritten, is the sum of the copies' gradients. */
  backward(dx: SyncedMem): void {
    this.#over.backward(this.blob.diffMem, this.#rows.diffMem);
    this.#within.backward(this.#rows.diffMem, dx);
  }
}
