import { Blob } from "../../blob/blob.ts";
import type {
  BatchNormOp,
  PostOp,
  PostOps,
  Primitive,
  ScaleOp,
  UnaryKernel,
  UnaryOp,
} from "../../engines/engine.ts";
import type { Join } from "../../engines/ops/joined-batch.ts";
import type { FillerParameter } from "../../io/proto/caffe.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { Watch } from "../../syncedmem/watch.ts";
import { countOf, type Shape, sameShape, shapeText } from "../../util/shape.ts";
import type { ByteRoleOf } from "../base/byte-role.ts";
import { type CoordMapOf, unmoved } from "../base/coord-map.ts";
import { inverseKernel } from "../base/inverse.ts";
import type { BackwardReads, LayerRole, LayerState, One, ParamField } from "../base/layer.ts";
import type { LayerFusion } from "../base/layer-fusion.ts";
import { refusesOtherForms } from "../base/layer-state.ts";
import { LearnedLayer } from "../base/learned.ts";
import { type ChannelLine, NormalizedLine } from "../base/normalized-line.ts";
import { BatchParts } from "./batch-parts.ts";

/**
 * Normalises each channel to mean 0 and variance 1; the learned scale and shift are a Scale layer's.
 *
 *     y = (x − mean) / √(variance + eps)
 *
 * With the batch's statistics (TRAIN) the gradient runs through them, and running sums are kept:
 * S ← f·S + batch, factor ← f·factor + 1, the variance by m/(m−1). With global statistics (TEST) mean and
 * variance are the sums divided by the factor.
 *
 * NVIDIA's has a line of its own behind it, y ← scale · y + bias, where `scale_bias`, `scale_filler` or `bias_filler` is
 * written. There TRAIN always takes the batch's statistics and TEST the running ones, which are no sums but averages,
 * r ← f·r + (1 − f)·batch, after they were r ← batch in the first two passes. Their variance includes eps, to which TEST
 * adds it again; the factor is 1 and stays so.
 *
 * Intel's has a line too, where `use_weight_bias: true`, `bias_term` or `filler` is written, and statistics as Caffe's. With
 * `stats_batch_size` n each n samples of a batch have statistics of their own in TRAIN, which are counted one after the other.
 *
 * - bottom[0], top[0]: N×C×…, in place allowed
 * - blobs: sum of means (C), sum of variances (C), factor (1): statistics, not learned; NVIDIA's and Intel's besides scale (C),
 *   bias (C), which bias_term: false leaves out
 * - `batch_norm_param`: use_global_stats (default: in TEST), moving_average_fraction f 0.999, eps 1e-5; NVIDIA's scale_bias
 *   false, scale_filler (1), bias_filler (0); Intel's use_weight_bias false, bias_term true, filler (1), bias_filler (0),
 *   stats_batch_size (all); sync_batch_norm false, of our own: in training by several ranks of mpirun, statistics of all
 *   ranks' batches together, so that they and their gradients are those of one joint batch; synopsys-caffe's add_eps_before_sqrt true: where false, eps is added to the deviation, in TEST alone
 *
 * @see Ioffe & Szegedy, ICML 2015; Caffe's, NVIDIA's and Intel's BatchNormLayer
 */
export class BatchNormLayer extends LearnedLayer<One, One> {
  static override readonly type: string = "BatchNorm";
  static override readonly isSteady: boolean = true;
  static override readonly paramFields: readonly ParamField[] = ["batch_norm_param"];
  static override readonly needs: readonly Primitive[] = [
    "batchNorm",
    "axpby",
    "copy",
    "unary",
    "scale",
    "concat",
  ];
  static override readonly mayBe16Bits: boolean = true;
  static override readonly byteRole: ByteRoleOf = ({ batch_norm_param }) =>
    batch_norm_param?.use_global_stats === false ? undefined : "line";
  static override readonly allowsInPlace: boolean = true;
  static override readonly keepsStatistics: boolean = true;
  static override readonly role: LayerRole = "normalization";
  static override readonly coordMap: CoordMapOf = unmoved;

  override readonly fusion: LayerFusion = {
    accepts: (posts) => (this.#accepts(posts) ? "both" : "nothing"),
    forward: ([x], [y], posts) => this.forward([x!], [y!], posts),
    backward: ([y], propagateDown, [x], posts) => this.backward([y!], propagateDown, [x!], posts),
    again: ([y]) => this.#again(y!),
    postOp: () => this.#linePerChannel(),
  };

  #useGlobal = false;
  #channels = 1;
  #shape: Shape | undefined;
  #mean!: Blob;
  #variance!: Blob;
  #scale!: Blob;
  #bias!: Blob;
  #op!: BatchNormOp;
  /** NVIDIA's and Intel's, with a line of its own. */
  #lined: NormalizedLine | undefined;
  /** Intel's, with statistics for parts of a batch. */
  #parts: BatchParts | undefined;
  /** 0 where there is no bias_term. */
  #noBias!: Blob;
  /** (σ + eps)² − eps of σ², where eps is added to σ. */
  #spread: UnaryOp | undefined;
  #passes = 0;
  /** Elements of a channel in all ranks' batches, in the last pass. */
  #joined = 0;
  /** Arithmetic with the factor, where it lies: reading it would make a device wait. */
  #one!: Blob;
  #inverse!: Blob;
  #invert!: UnaryOp;
  #divide!: ScaleOp;
  /** 1/σ and −1/σ, and a product of channels: what makes a line of the statistics. */
  #root!: UnaryOp;
  #negativeRoot!: UnaryOp;
  #multiply!: ScaleOp;
  readonly #watch: Watch = new Watch();
  #cancels = false;

  override setUp([x]: One): void {
    const param = this.param.batch_norm_param;
    this.#useGlobal =
      (this.#isNvidias ? undefined : param?.use_global_stats) ?? this.phase === "TEST";
    if (x.shape.length === 0) {
      this.fail("bottom has shape (), a single number. Expected one axis or more: N×C×….");
    }
    this.#channels = x.shape.length === 1 ? 1 : (x.shape[1] ?? 1);
    const constant = (value: number): FillerParameter => ({ type: "constant", value });
    const shape = [this.#channels];
    const line = [
      { shape, filler: param?.scale_filler ?? param?.filler ?? constant(1) },
      ...(this.#hasBias ? [{ shape, filler: param?.bias_filler ?? constant(0) }] : []),
    ];
    this.makeBlobs([
      { shape, filler: constant(0) },
      { shape, filler: constant(0) },
      { shape: [1], filler: constant(this.#isNvidias ? 1 : 0) },
      ...(this.#hasLine ? line : []),
    ]);
    this.#mean = new Blob([this.#channels], this.context.dtype);
    this.#variance = new Blob([this.#channels], this.context.dtype);
    // In NVIDIA's there is one for each channel, to add eps with.
    this.#one = new Blob([this.#isNvidias ? this.#channels : 1], this.context.dtype);
    this.#one.dataMem.overwriteCpu().fill(1);
    this.#inverse = new Blob([1], this.context.dtype);
    this.#invert = this.engine.unary(inverse, {}, [1]);
    this.#divide = this.engine.scale({ shape, outer: 1, length: 1, inner: this.#channels });
    const { eps } = withDefaults("BatchNormParameter", param);
    this.#root = this.engine.unary(inverseRoot, { eps, sign: 1 }, shape);
    this.#negativeRoot = this.engine.unary(inverseRoot, { eps, sign: -1 }, shape);
    this.#multiply = this.engine.scale({ shape, outer: 1, length: this.#channels, inner: 1 });
    this.#scale = new Blob([this.#channels], this.context.dtype);
    this.#bias = new Blob([this.#channels], this.context.dtype);
    this.#noBias = new Blob([this.#channels], this.context.dtype);
    this.#checkForks();
    this.#checkSync();
    if (param?.add_eps_before_sqrt === false) {
      this.#spread = this.engine.unary(spread, { eps }, shape);
    }
  }

  /** What makes statistics those of all ranks; undefined where they are this one's own. */
  get #join(): Join | undefined {
    const { shard } = this.context;
    const isSynced = this.param.batch_norm_param?.sync_batch_norm ?? false;
    if (!isSynced || this.#useGlobal || this.phase !== "TRAIN" || !shard?.sum) return undefined;
    return (sums) => {
      shard.sum?.(sums);
      this.#joined = sums[0] ?? 0;
    };
  }

  #checkSync(): void {
    const { stats_batch_size = 0, sync_batch_norm = false } = this.param.batch_norm_param ?? {};
    if (sync_batch_norm && stats_batch_size > 0) {
      this.fail(
        "batch_norm_param has sync_batch_norm: true and stats_batch_size. Expected one of them: statistics of all ranks' batches, or of parts of one.",
      );
    }
    if (this.#join && this.engine.device) {
      this.fail(
        "batch_norm_param.sync_batch_norm is true, and the layer runs on a GPU, where ranks do not add statistics up. Expected --engine native, or no such field: each rank has its own then.",
      );
    }
  }

  #checkForks(): void {
    const { add_eps_before_sqrt = true, stats_batch_size = 0 } = this.param.batch_norm_param ?? {};
    if (!add_eps_before_sqrt && !this.#useGlobal) {
      this.fail(
        "batch_norm_param.add_eps_before_sqrt is false, which is known with running statistics alone: in TEST, or with use_global_stats: true. Expected true, or no such field, in training.",
      );
    }
    if (stats_batch_size > 0 && this.#hasLine) {
      this.fail(
        "batch_norm_param has stats_batch_size and a scale of its own. Expected one of them; write a Scale layer behind it.",
      );
    }
  }

  /** Whether it normalises with the statistics among its blobs: in TEST, unless it is told otherwise. */
  get usesRunningStatistics(): boolean {
    return this.#useGlobal;
  }

  get #isIntels(): boolean {
    const { use_weight_bias, bias_term, filler } = this.param.batch_norm_param ?? {};
    return use_weight_bias ?? (bias_term !== undefined || filler !== undefined);
  }

  get #isNvidias(): boolean {
    const { scale_bias, scale_filler, bias_filler, use_weight_bias } =
      this.param.batch_norm_param ?? {};
    if (scale_bias === true || scale_filler !== undefined) return true;
    return bias_filler !== undefined && use_weight_bias === undefined && !this.#isIntels;
  }

  get #hasLine(): boolean {
    return this.#isNvidias || this.#isIntels;
  }

  get #hasBias(): boolean {
    return this.#isNvidias || (this.param.batch_norm_param?.bias_term ?? true);
  }

  /** NVIDIA's takes `param { lr_mult }` of its statistics for 0, whatever is written. */
  override get ignoresStatisticsRates(): boolean {
    return this.#isNvidias;
  }

  get #line(): ChannelLine {
    const [, , , scale, bias] = this.blobs;
    const [, , , learnsScale, learnsBias] = this.paramPropagateDown;
    return {
      scale: scale!.dataMem,
      bias: (bias ?? this.#noBias).dataMem,
      dScale: learnsScale ? scale!.diffMem : undefined,
      dBias: learnsBias ? bias?.diffMem : undefined,
    };
  }

  override isStatistic(blobIndex: number): boolean {
    return blobIndex < 3;
  }

  #accepts(posts: PostOps): boolean {
    if (this.#parts) return false;
    return this.#lined?.accepts(this.#line, posts) ?? this.#op.accepts?.(posts) ?? false;
  }

  override reshape([x]: One, [y]: One): void {
    if (x !== y) y.reshapeLike(x);
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    if ((x.shape.length > 1 ? x.shape[1] : 1) !== this.#channels || x.shape.length === 0) {
      this.fail(
        `bottom has ${x.shape[1] ?? 1} channels. Expected ${this.#channels}, as when the statistics were set up.`,
      );
    }
    const { eps, stats_batch_size: size } = withDefaults(
      "BatchNormParameter",
      this.param.batch_norm_param,
    );
    this.#shape = x.shape;
    this.#parts = this.#partsOf(x.shape, size ?? 0, eps);
    const join = this.#join;
    const d = { shape: x.shape, eps, useGlobalStats: this.#useGlobal, ...(join && { join }) };
    if (this.#hasLine) this.#lined = new NormalizedLine(this.engine, this.context.dtype, d);
    else this.#op = this.engine.batchNorm(d);
  }

  #partsOf(shape: Shape, size: number, eps: number): BatchParts | undefined {
    const [batch = 0] = shape;
    if (size === 0 || this.#useGlobal || size === batch || countOf(shape) === 0) return undefined;
    if (shape.length < 2 || batch % size !== 0) {
      this.fail(
        `batch_norm_param.stats_batch_size is ${size}, bottom shape ${shapeText(shape)}. Expected a divisor of the batch, N×C×….`,
      );
    }
    return new BatchParts(this.engine, this.context.dtype, shape, size, eps);
  }

  /** With global statistics it is a line per channel, x / σ − mean / σ, unless those would cancel out. */
  #linePerChannel(): PostOp | undefined {
    if (!this.#useGlobal || this.#hasLine || this.#shape?.length === 1) return undefined;
    if (this.#watch.isNew(this.blobs.map(({ dataMem }) => dataMem))) {
      const [mean, variance] = [this.#mean.dataMem, this.#variance.dataMem];
      const [scale, bias] = [this.#scale.dataMem, this.#bias.dataMem];
      this.#readStatistics();
      this.#root.forward(variance, scale);
      this.#negativeRoot.forward(variance, bias);
      this.#multiply.forward(bias, mean, undefined, bias);
      // A device would have to wait for the answer.
      this.#cancels = !this.engine.device && bias.cpu().some((shift) => Math.abs(shift) > FAR);
    }
    if (this.#cancels) return undefined;
    return {
      kind: "scale",
      scale: this.#scale.dataMem,
      bias: this.#bias.dataMem,
      center: this.#mean.dataMem,
      dScale: undefined,
      dBias: undefined,
    };
  }

  override backwardReadsBottom(): BackwardReads {
    return "kept";
  }

  override forward([x]: One, [y]: One, posts?: PostOps): void {
    if (this.#useGlobal) this.#readStatistics();
    if (this.#parts) {
      const m = (x.count() / this.#channels / x.shape[0]!) * this.#sizeOfParts;
      this.#parts.forward(x.dataMem, y.dataMem, (mean, variance) => {
        this.#keepStatistics(m, mean, variance);
      });
      return;
    }
    const [mean, variance] = [this.#mean.dataMem, this.#variance.dataMem];
    if (this.#lined) this.#lined.forward(x.dataMem, mean, variance, this.#line, y.dataMem, posts);
    else this.#op.forward(x.dataMem, mean, variance, y.dataMem, posts);
    if (this.#useGlobal) return;
    if (this.#isNvidias) this.#averageStatistics();
    else this.#keepStatistics(this.#joined || x.count() / this.#channels, mean, variance);
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One, posts?: PostOps): void {
    const [mean, variance] = [this.#mean.dataMem, this.#variance.dataMem];
    const dx = propagate ? x.diffMem : undefined;
    if (this.#parts) {
      if (dx) this.#parts.backward(y.diffMem, dx);
    } else if (this.#lined) this.#lined.backward(mean, variance, this.#line, y.diffMem, dx, posts);
    else if (dx) this.#op.backward(mean, variance, y.diffMem, dx, posts);
  }

  #again(y: Blob): boolean {
    if (this.#lined || !this.#op.again) return false;
    this.#op.again(this.#mean.dataMem, this.#variance.dataMem, y.dataMem);
    return true;
  }

  override state(): LayerState | undefined {
    return this.#isNvidias ? { passes: this.#passes } : undefined;
  }

  override refuses(state: LayerState): string | undefined {
    return refusesOtherForms(this.state(), state);
  }

  override restore(state: LayerState): undefined {
    this.#passes = state["passes"] as number;
  }

  /** mean = Σ means / factor, variance likewise; 0 while nothing was counted. */
  #readStatistics(): void {
    const [meanSum, varianceSum, factor] = this.blobs;
    this.#invert.forward(factor!.dataMem, this.#inverse.dataMem);
    this.#divide.forward(meanSum!.dataMem, this.#inverse.dataMem, undefined, this.#mean.dataMem);
    this.#divide.forward(
      varianceSum!.dataMem,
      this.#inverse.dataMem,
      undefined,
      this.#variance.dataMem,
    );
    this.#spread?.forward(this.#variance.dataMem, this.#variance.dataMem);
  }

  /** NVIDIA's: r ← f·r + (1 − f)·batch, f 0 in the first two passes; the variance with eps. */
  #averageStatistics(): void {
    const { moving_average_fraction, eps } = withDefaults(
      "BatchNormParameter",
      this.param.batch_norm_param,
    );
    const f = this.#passes++ < 2 ? 0 : moving_average_fraction;
    const [mean, variance] = this.blobs;
    const c = this.#channels;
    this.engine.axpby(c, 1 - f, this.#mean.dataMem, f, mean!.dataMem);
    this.engine.axpby(c, 1 - f, this.#variance.dataMem, f, variance!.dataMem);
    this.engine.axpby(c, (1 - f) * eps, this.#one.dataMem, 1, variance!.dataMem);
  }

  get #sizeOfParts(): number {
    return this.param.batch_norm_param?.stats_batch_size ?? 0;
  }

  #keepStatistics(m: number, mean: SyncedMem, variance: SyncedMem): void {
    const { moving_average_fraction: f } = withDefaults(
      "BatchNormParameter",
      this.param.batch_norm_param,
    );
    const [meanSum, varianceSum, factor] = this.blobs;
    const c = this.#channels;
    this.engine.axpby(1, 1, this.#one.dataMem, f, factor!.dataMem);
    this.engine.axpby(c, 1, mean, f, meanSum!.dataMem);
    this.engine.axpby(c, m > 1 ? m / (m - 1) : 1, variance, f, varianceSum!.dataMem);
  }
}

/** How many deviations a mean may be away from 0 for a line to be as good as (x − mean) / σ, to 1e-4 of a deviation. */
const FAR = 1000;

const inverse = inverseKernel(0);

/** (√x + eps)² − eps: with it √(x + eps) becomes √x + eps. It has no gradient. */
const spread: UnaryKernel<{ readonly eps: number }> = {
  name: "spread",
  reference: {
    forward(n, x, y, { eps }) {
      for (let i = 0; i < n; i++) y[i] = (Math.sqrt(x[i]!) + eps) ** 2 - eps;
    },
    backward(n, _x, _y, _dy, dx) {
      dx.fill(0, 0, n);
    },
  },
  wgsl: { forward: "(rootOf(x) + p.eps) * (rootOf(x) + p.eps) - p.eps", backward: "0.0" },
};

/** sign/√(x + eps). It has no gradient. */
const inverseRoot: UnaryKernel<{ readonly eps: number; readonly sign: number }> = {
  name: "inverse root",
  reference: {
    forward(n, x, y, { eps, sign }) {
      for (let i = 0; i < n; i++) y[i] = sign / Math.sqrt(x[i]! + eps);
    },
    backward(n, _x, _y, _dy, dx) {
      dx.fill(0, 0, n);
    },
  },
  wgsl: { forward: "p.sign / rootOf(x + p.eps)", backward: "0.0" },
};
