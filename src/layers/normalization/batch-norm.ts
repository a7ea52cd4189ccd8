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
import { withDefaults } from "../../io/proto/messages.ts";
import { Watch } from "../../syncedmem/watch.ts";
import { type Shape, sameShape } from "../../util/shape.ts";
import { type CoordMapOf, unmoved } from "../base/coord-map.ts";
import type { BackwardReads, LayerRole, One, ParamField } from "../base/layer.ts";
import type { LayerFusion } from "../base/layer-fusion.ts";
import { LearnedLayer } from "../base/learned.ts";

/**
 * Normalises each channel to mean 0 and variance 1; the learned scale and shift are a Scale layer's.
 *
 *     y = (x − mean) / √(variance + eps)
 *
 * With the batch's statistics (TRAIN) the gradient runs through them, and running sums are kept:
 * S ← f·S + batch, factor ← f·factor + 1, the variance by m/(m−1). With global statistics (TEST) mean and
 * variance are the sums divided by the factor.
 *
 * - bottom[0], top[0]: N×C×…, in place allowed
 * - blobs: sum of means (C), sum of variances (C), factor (1); statistics, not learned
 * - `batch_norm_param`: use_global_stats (default: in TEST), moving_average_fraction f 0.999, eps 1e-5
 *
 * @see Ioffe & Szegedy, ICML 2015; Caffe's BatchNormLayer
 */
export class BatchNormLayer extends LearnedLayer<One, One> {
  static override readonly type: string = "BatchNorm";
  static override readonly paramFields: readonly ParamField[] = ["batch_norm_param"];
  static override readonly needs: readonly Primitive[] = ["batchNorm", "axpby", "unary", "scale"];
  static override readonly allowsInPlace: boolean = true;
  static override readonly keepsStatistics: boolean = true;
  static override readonly role: LayerRole = "normalization";
  static override readonly coordMap: CoordMapOf = unmoved;

  override readonly fusion: LayerFusion = {
    accepts: (posts) => (this.#op.accepts?.(posts) ? "both" : "nothing"),
    forward: ([x], [y], posts) => this.forward([x!], [y!], posts),
    backward: ([y], propagateDown, [x], posts) => this.backward([y!], propagateDown, [x!], posts),
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
    this.#useGlobal = param?.use_global_stats ?? this.phase === "TEST";
    if (x.shape.length === 0) {
      this.fail("bottom has shape (), a single number. Expected one axis or more: N×C×….");
    }
    this.#channels = x.shape.length === 1 ? 1 : (x.shape[1] ?? 1);
    const filler = { type: "constant", value: 0 };
    this.makeBlobs([
      { shape: [this.#channels], filler },
      { shape: [this.#channels], filler },
      { shape: [1], filler },
    ]);
    this.#mean = new Blob([this.#channels], this.context.dtype);
    this.#variance = new Blob([this.#channels], this.context.dtype);
    this.#one = new Blob([1], this.context.dtype);
    this.#one.dataMem.overwriteCpu()[0] = 1;
    this.#inverse = new Blob([1], this.context.dtype);
    this.#invert = this.engine.unary(inverse, {}, [1]);
    const shape = [this.#channels];
    this.#divide = this.engine.scale({ shape, outer: 1, length: 1, inner: this.#channels });
    const { eps } = withDefaults("BatchNormParameter", param);
    this.#root = this.engine.unary(inverseRoot, { eps, sign: 1 }, shape);
    this.#negativeRoot = this.engine.unary(inverseRoot, { eps, sign: -1 }, shape);
    this.#multiply = this.engine.scale({ shape, outer: 1, length: this.#channels, inner: 1 });
    this.#scale = new Blob([this.#channels], this.context.dtype);
    this.#bias = new Blob([this.#channels], this.context.dtype);
  }

  override reshape([x]: One, [y]: One): void {
    if (x !== y) y.reshapeLike(x);
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    if ((x.shape.length > 1 ? x.shape[1] : 1) !== this.#channels || x.shape.length === 0) {
      this.fail(
        `bottom has ${x.shape[1] ?? 1} channels. Expected ${this.#channels}, as when the statistics were set up.`,
      );
    }
    const { eps } = withDefaults("BatchNormParameter", this.param.batch_norm_param);
    this.#shape = x.shape;
    this.#op = this.engine.batchNorm({ shape: x.shape, eps, useGlobalStats: this.#useGlobal });
  }

  /** With global statistics it is a line per channel, x / σ − mean / σ, unless those would cancel out. */
  #linePerChannel(): PostOp | undefined {
    if (!this.#useGlobal || this.#shape?.length === 1) return undefined;
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
    this.#op.forward(x.dataMem, this.#mean.dataMem, this.#variance.dataMem, y.dataMem, posts);
    if (!this.#useGlobal) this.#keepStatistics(x.count() / this.#channels);
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One, posts?: PostOps): void {
    if (propagate)
      this.#op.backward(this.#mean.dataMem, this.#variance.dataMem, y.diffMem, x.diffMem, posts);
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
  }

  #keepStatistics(m: number): void {
    const { moving_average_fraction: f } = withDefaults(
      "BatchNormParameter",
      this.param.batch_norm_param,
    );
    const [meanSum, varianceSum, factor] = this.blobs;
    const c = this.#channels;
    this.engine.axpby(1, 1, this.#one.dataMem, f, factor!.dataMem);
    this.engine.axpby(c, 1, this.#mean.dataMem, f, meanSum!.dataMem);
    this.engine.axpby(c, m > 1 ? m / (m - 1) : 1, this.#variance.dataMem, f, varianceSum!.dataMem);
  }
}

/** How many deviations a mean may be away from 0 for a line to be as good as (x − mean) / σ, to 1e-4 of a deviation. */
const FAR = 1000;

/** 1/x, and 0 for 0. It has no gradient. */
const inverse: UnaryKernel<Record<never, never>> = {
  name: "inverse",
  reference: {
    forward(n, x, y) {
      for (let i = 0; i < n; i++) y[i] = x[i] === 0 ? 0 : 1 / x[i]!;
    },
    backward(n, _x, _y, _dy, dx) {
      dx.fill(0, 0, n);
    },
  },
  wgsl: { forward: "select(1.0 / x, 0.0, x == 0.0)", backward: "0.0" },
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
