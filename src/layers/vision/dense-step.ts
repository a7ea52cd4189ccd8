import { Blob } from "../../blob/blob.ts";
import type {
  Engine,
  GatherOp,
  LinearOp,
  Primitive,
  ScaleOp,
  UnaryOp,
} from "../../engines/engine.ts";
import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { DType } from "../../util/arrays.ts";
import { countOf, type Shape } from "../../util/shape.ts";
import { relu } from "../activation/relu.ts";
import { type ChannelLine, NormalizedLine } from "../base/normalized-line.ts";

/** What a step has learned, and its running statistics: blobs of its layer. */
export interface StepBlobs {
  /** outputs×C×k×k */
  readonly filter: Blob;
  readonly scale: Blob;
  readonly bias: Blob;
  readonly mean: Blob;
  readonly variance: Blob;
}

/** Which of what a step has learned has a gradient. */
export type StepLearns = Readonly<Record<"filter" | "scale" | "bias", boolean>>;

/** What a step is made for. */
interface StepPlan {
  /** N×C×h×w of what goes in. */
  readonly shape: Shape;
  /** The running statistics are read, instead of the batch's. */
  readonly useGlobalStats: boolean;
  /** How much of the running statistics a batch's take. */
  readonly fraction: number;
}

/** A filter turned by half a turn. */
interface Turned {
  readonly blob: Blob;
  /** The gradient, as the filter lies. */
  readonly back: Blob;
  readonly index: SyncedMem;
  readonly op: GatherOp;
}

/** The least that cuDNN adds to a variance. */
const EPS = 1e-5;

/**
 * Batch normalisation, a rectifier and a convolution that keeps height and width, one behind the other:
 *
 *     y = W ∗ max(γ · (x − μ) / √(σ² + 1e-5) + β, 0)
 *
 * ∗ is a convolution as mathematics has it: W is turned by half a turn, in Caffe's Convolution it is not.
 */
export class DenseStep {
  /** What it asks its engine for. */
  static readonly needs: readonly Primitive[] = [
    ...NormalizedLine.needs,
    "unary",
    "convolution",
    "gather",
    "axpby",
  ];

  readonly #engine: Engine;
  readonly #blobs: StepBlobs;
  readonly #plan: StepPlan;
  readonly #line: NormalizedLine;
  readonly #relu: UnaryOp;
  readonly #convolution: LinearOp;
  readonly #divide: ScaleOp;
  /** What the convolution reads. */
  readonly #hidden: Blob;
  readonly #mean: Blob;
  readonly #variance: Blob;
  /** Undefined where a filter is one element wide. */
  readonly #turned: Turned | undefined;

  constructor(engine: Engine, dtype: DType, blobs: StepBlobs, plan: StepPlan) {
    this.#engine = engine;
    this.#blobs = blobs;
    this.#plan = plan;
    const [batch = 0, channels = 0, ...lengths] = plan.shape;
    const [outputs = 0, , ...kernel] = blobs.filter.shape;
    this.#line = new NormalizedLine(engine, dtype, {
      shape: plan.shape,
      eps: EPS,
      useGlobalStats: plan.useGlobalStats,
    });
    this.#relu = engine.unary(relu, { slope: 0 }, plan.shape);
    this.#convolution = engine.convolution({
      batch,
      groups: 1,
      inputChannels: channels,
      outputChannels: outputs,
      input: lengths,
      output: lengths,
      kernel,
      stride: [1, 1],
      pad: kernel.map((length) => (length - 1) / 2),
      dilation: [1, 1],
      hasBias: false,
    });
    this.#divide = engine.scale({ shape: [channels], outer: 1, length: 1, inner: channels });
    this.#hidden = new Blob(plan.shape, dtype);
    this.#mean = new Blob([channels], dtype);
    this.#variance = new Blob([channels], dtype);
    if (countOf(kernel) > 1) this.#turned = turnedFilter(engine, dtype, blobs.filter.shape);
  }

  /** @param inverse 1/n of running statistics that are sums of n, else 1 */
  forward(x: SyncedMem, y: SyncedMem, inverse: SyncedMem): void {
    const [hidden, mean, variance] = [this.#hidden, this.#mean, this.#variance];
    const kept = this.#blobs;
    if (this.#plan.useGlobalStats) {
      this.#divide.forward(kept.mean.dataMem, inverse, undefined, mean.dataMem);
      this.#divide.forward(kept.variance.dataMem, inverse, undefined, variance.dataMem);
    }
    this.#line.forward(x, mean.dataMem, variance.dataMem, this.#channelLine(), hidden.dataMem);
    if (!this.#plan.useGlobalStats) {
      const m = hidden.count() / mean.count();
      this.#keep(kept.mean.dataMem, mean.dataMem, 1, inverse);
      this.#keep(kept.variance.dataMem, variance.dataMem, m > 1 ? m / (m - 1) : 1, inverse);
    }
    this.#relu.forward(hidden.dataMem, hidden.dataMem);
    const turned = this.#turned;
    turned?.op.forward(kept.filter.dataMem, turned.index, turned.blob.dataMem);
    this.#convolution.forward(hidden.dataMem, this.#weights, undefined, y);
  }

  /** dx is overwritten, and left out where nothing below wants it; the learned blobs' gradients are added to. */
  backward(dy: SyncedMem, learns: StepLearns, dx: SyncedMem | undefined): void {
    const { dataMem, diffMem } = this.#hidden;
    if (learns.filter) this.#moveFilter(dy);
    if (!dx && !learns.scale && !learns.bias) return;
    this.#convolution.backwardData(dy, this.#weights, diffMem);
    this.#relu.backward(dataMem, dataMem, diffMem, diffMem);
    const line = this.#channelLine(learns);
    this.#line.backward(this.#mean.dataMem, this.#variance.dataMem, line, diffMem, dx);
  }

  get #weights(): SyncedMem {
    return (this.#turned?.blob ?? this.#blobs.filter).dataMem;
  }

  #moveFilter(dy: SyncedMem): void {
    const [x, turned] = [this.#hidden.dataMem, this.#turned];
    const dw = this.#blobs.filter.diffMem;
    if (!turned) {
      this.#convolution.backwardWeights(x, dy, dw, undefined);
      return;
    }
    turned.blob.diffMem.zero();
    this.#convolution.backwardWeights(x, dy, turned.blob.diffMem, undefined);
    turned.op.forward(turned.blob.diffMem, turned.index, turned.back.dataMem);
    this.#engine.axpby(turned.blob.count(), 1, turned.back.dataMem, 1, dw);
  }

  /** r ← (1 − f)·r/n + f·factor·batch. */
  #keep(running: SyncedMem, batch: SyncedMem, factor: number, inverse: SyncedMem): void {
    const { fraction } = this.#plan;
    this.#divide.forward(running, inverse, undefined, running);
    this.#engine.axpby(this.#mean.count(), fraction * factor, batch, 1 - fraction, running);
  }

  #channelLine(learns?: StepLearns): ChannelLine {
    const { scale, bias } = this.#blobs;
    return {
      scale: scale.dataMem,
      bias: bias.dataMem,
      dScale: learns?.scale ? scale.diffMem : undefined,
      dBias: learns?.bias ? bias.diffMem : undefined,
    };
  }
}

function turnedFilter(engine: Engine, dtype: DType, shape: Shape): Turned {
  const blob = new Blob(shape, dtype);
  const window = countOf(shape, 2);
  const index = new Blob(shape, dtype).dataMem;
  index.overwriteCpu().forEach((_, i, all) => {
    const at = i % window;
    all[i] = i - at + (window - 1 - at);
  });
  const rows = blob.count();
  const op = engine.gather({ rows, size: 1, picks: rows });
  return { blob, back: new Blob(shape, dtype), index, op };
}
