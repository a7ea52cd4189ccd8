import { Blob } from "../../blob/blob.ts";
import type { BatchNormOp, ConcatOp, Engine } from "../../engines/engine.ts";
import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { DType } from "../../util/arrays.ts";
import type { Shape } from "../../util/shape.ts";

/** So many samples of a batch, and their statistics. */
interface Part {
  readonly x: Blob;
  readonly y: Blob;
  readonly mean: Blob;
  readonly variance: Blob;
  readonly op: BatchNormOp;
}

/** Normalises parts of a batch, one after the other, each by statistics of its own. */
export class BatchParts {
  readonly #parts: readonly Part[];
  readonly #concat: ConcatOp;

  /** @param shape N×C×…, N a multiple of `size` */
  constructor(engine: Engine, dtype: DType, shape: Shape, size: number, eps: number) {
    const [batch = 0, channels = 1, ...rest] = shape;
    const part = [size, channels, ...rest];
    this.#parts = Array.from({ length: batch / size }, () => ({
      x: new Blob(part, dtype),
      y: new Blob(part, dtype),
      mean: new Blob([channels], dtype),
      variance: new Blob([channels], dtype),
      op: engine.batchNorm({ shape: part, eps, useGlobalStats: false }),
    }));
    this.#concat = engine.concat({ shapes: this.#parts.map(() => part), axis: 0 });
  }

  /** @param each is told the statistics of each part */
  forward(x: SyncedMem, y: SyncedMem, each: (mean: SyncedMem, variance: SyncedMem) => void): void {
    this.#concat.backward(
      x,
      this.#parts.map((part) => part.x.dataMem),
    );
    for (const part of this.#parts) {
      const [mean, variance] = [part.mean.dataMem, part.variance.dataMem];
      part.op.forward(part.x.dataMem, mean, variance, part.y.dataMem);
      each(mean, variance);
    }
    this.#concat.forward(
      this.#parts.map((part) => part.y.dataMem),
      y,
    );
  }

  backward(dy: SyncedMem, dx: SyncedMem): void {
    this.#concat.backward(
      dy,
      this.#parts.map((part) => part.y.diffMem),
    );
    for (const { op, mean, variance, x, y } of this.#parts) {
      op.backward(mean.dataMem, variance.dataMem, y.diffMem, x.diffMem);
    }
    this.#concat.forward(
      this.#parts.map((part) => part.x.diffMem),
      dx,
    );
  }
}
