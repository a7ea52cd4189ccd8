import { Blob } from "../../blob/blob.ts";
import type {
  BatchNormDescriptor,
  BatchNormOp,
  Engine,
  PostOp,
  PostOps,
  Primitive,
  ScaleOp,
} from "../../engines/engine.ts";
import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { DType } from "../../util/arrays.ts";

/** A factor and a shift for every channel, and their gradients, which are added to, where they are wanted. */
export interface ChannelLine {
  readonly scale: SyncedMem;
  readonly bias: SyncedMem;
  readonly dScale: SyncedMem | undefined;
  readonly dBias: SyncedMem | undefined;
}

/**
 * What normalisations do that learn a factor and a shift of their own: y = scale · (x − mean) / √(variance + eps) + bias,
 * in one pass over memory where the engine can.
 */
export class NormalizedLine {
  /** What it asks its engine for. */
  static readonly needs: readonly Primitive[] = ["batchNorm", "scale", "copy"];

  readonly #engine: Engine;
  readonly #op: BatchNormOp;
  readonly #scale: ScaleOp;
  /** (x − mean) / √(…), where it is a pass of its own; and its gradient. */
  readonly #normalized: Blob;

  constructor(engine: Engine, dtype: DType, d: BatchNormDescriptor) {
    this.#engine = engine;
    this.#op = engine.batchNorm(d);
    const { shape } = d;
    const [n = 1, c = 1] = shape.length > 1 ? shape : [shape[0], 1];
    this.#normalized = new Blob(shape, dtype);
    const inner = c === 0 || n === 0 ? 0 : this.#normalized.count() / (n * c);
    this.#scale = engine.scale({ shape, outer: n, length: c, inner });
  }

  /** Whether it can do these too on the way out, and their gradients on the way back. */
  accepts(line: ChannelLine, posts: PostOps): boolean {
    return this.#op.accepts?.([postOf(line), ...posts]) ?? false;
  }

  /** mean, variance: (C), read with global statistics, else written. */
  forward(
    x: SyncedMem,
    mean: SyncedMem,
    variance: SyncedMem,
    line: ChannelLine,
    y: SyncedMem,
    posts: PostOps = [],
  ): void {
    if (this.accepts(line, posts)) {
      this.#op.forward(x, mean, variance, y, [postOf(line), ...posts]);
      return;
    }
    const normalized = this.#normalized.dataMem;
    // In place the op itself keeps what its backward reads of x.
    this.#op.forward(x, mean, variance, x === y ? x : normalized);
    if (x === y) this.#engine.copy(this.#normalized.count(), x, normalized);
    this.#scale.forward(normalized, line.scale, line.bias, y);
  }

  /** dx is left out where no layer below wants it. */
  backward(
    mean: SyncedMem,
    variance: SyncedMem,
    line: ChannelLine,
    dy: SyncedMem,
    dx: SyncedMem | undefined,
    posts: PostOps = [],
  ): void {
    if (this.accepts(line, posts)) {
      const to = dx ?? this.#normalized.diffMem;
      this.#op.backward(mean, variance, dy, to, [postOf(line), ...posts]);
      return;
    }
    const { dataMem, diffMem } = this.#normalized;
    if (line.dScale || line.dBias) {
      this.#scale.backwardParams(dataMem, dy, line.dScale, line.dBias);
    }
    if (!dx) return;
    this.#scale.backwardData(dy, line.scale, diffMem);
    this.#op.backward(mean, variance, diffMem, dx);
  }
}

function postOf(line: ChannelLine): PostOp {
  return { kind: "scale", ...line };
}
