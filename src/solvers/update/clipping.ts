import type { Blob } from "../../blob/blob.ts";
import type { Engine, ReductionOp, UnaryKernel, UnaryOp } from "../../engines/engine.ts";
import { readNow } from "../../syncedmem/read-now.ts";
import { SyncedMem } from "../../syncedmem/synced-mem.ts";

/**
 * The factor that brings the global L2 norm of gradients down to a threshold, found on the device where they lie.
 *
 *     factor = min(1, threshold / √(Σ g²))
 */
export class DeviceClipping {
  readonly threshold: number;
  readonly #engine: Engine;
  readonly #squares: SyncedMem = new SyncedMem(1);
  readonly #part: SyncedMem = new SyncedMem(1);
  readonly #factor: SyncedMem = new SyncedMem(1);
  readonly #sums: readonly (readonly [Blob, ReductionOp])[];
  readonly #toFactor: UnaryOp;

  constructor(engine: Engine, threshold: number, blobs: readonly Blob[]) {
    this.threshold = threshold;
    this.#engine = engine;
    this.#sums = blobs.map((blob) => {
      const inner = blob.count();
      return [blob, engine.reduction({ operation: "SUMSQ", outer: 1, inner, coeff: 1 })];
    });
    this.#toFactor = engine.unary(clippingFactor, { threshold }, [1]);
  }

  /** One element, for the gradients as they are now. */
  factor(): SyncedMem {
    this.#squares.zero();
    for (const [{ diffMem }, sum] of this.#sums) {
      if (diffMem.isZero) continue;
      sum.forward(diffMem, this.#part);
      this.#engine.axpby(1, 1, this.#part, this.#squares.isZero ? 0 : 1, this.#squares);
    }
    this.#toFactor.forward(this.#squares, this.#factor);
    return this.#factor;
  }

  /** The norm that the last factor was found from, when it comes; a later factor changes nothing of it. */
  async norm(): Promise<number> {
    return readNow(this.#squares, ([sum = 0]) => Math.sqrt(sum));
  }
}

const clippingFactor: UnaryKernel<{ readonly threshold: number }> = {
  name: "clipping factor",
  reference: {
    forward(n, x, y, { threshold }) {
      for (let i = 0; i < n; i++) y[i] = Math.min(1, threshold / Math.sqrt(x[i] ?? 0));
    },
    backward(n, _x, _y, _dy, dx) {
      dx.fill(0, 0, n);
    },
  },
  wgsl: {
    forward: "select(1.0, p.threshold / sqrt(x), x > p.threshold * p.threshold)",
    backward: "0.0",
  },
};
