import { Blob } from "../blob/blob.ts";
import type { BatchNormOp, Primitive } from "../engines/engine.ts";
import { withDefaults } from "../io/proto/messages.ts";
import { type Shape, sameShape } from "../util/shape.ts";
import type { One } from "./base/layer.ts";
import { LearnedLayer } from "./base/learned.ts";

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
  static override readonly needs: readonly Primitive[] = ["batchNorm", "axpby"];
  static override readonly allowsInPlace: boolean = true;
  static override readonly keepsStatistics: boolean = true;

  #useGlobal = false;
  #channels = 1;
  #shape: Shape | undefined;
  #mean!: Blob;
  #variance!: Blob;
  #op!: BatchNormOp;

  override setUp([x]: One): void {
    const param = this.param.batch_norm_param;
    this.#useGlobal = param?.use_global_stats ?? this.phase === "TEST";
    this.#channels = x.shape.length === 1 ? 1 : (x.shape[1] ?? 1);
    const filler = { type: "constant", value: 0 };
    this.makeBlobs([
      { shape: [this.#channels], filler },
      { shape: [this.#channels], filler },
      { shape: [1], filler },
    ]);
    this.#mean = new Blob([this.#channels], this.context.dtype);
    this.#variance = new Blob([this.#channels], this.context.dtype);
  }

  override reshape([x]: One, [y]: One): void {
    if (x !== y) y.reshapeLike(x);
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    if (x.shape.length > 1 && x.shape[1] !== this.#channels) {
      this.fail(
        `bottom has ${x.shape[1]} channels. Expected ${this.#channels}, as when the statistics were set up.`,
      );
    }
    const { eps } = withDefaults("BatchNormParameter", this.param.batch_norm_param);
    this.#shape = x.shape;
    this.#op = this.engine.batchNorm({ shape: x.shape, eps, useGlobalStats: this.#useGlobal });
  }

  override forward([x]: One, [y]: One): void {
    if (this.#useGlobal) this.#readStatistics();
    this.#op.forward(x.data, this.#mean.data, this.#variance.data, y.data);
    if (!this.#useGlobal) this.#keepStatistics(x.count() / this.#channels);
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    if (propagate) this.#op.backward(this.#mean.data, this.#variance.data, y.diff, x.diff);
  }

  /** mean = Σ means / factor, variance likewise. */
  #readStatistics(): void {
    const [meanSum, varianceSum, factorBlob] = this.blobs;
    const factor = factorBlob!.data.cpu()[0]!;
    const scale = factor === 0 ? 0 : 1 / factor;
    const c = this.#channels;
    this.engine.axpby(c, scale, meanSum!.data, 0, this.#mean.data);
    this.engine.axpby(c, scale, varianceSum!.data, 0, this.#variance.data);
  }

  #keepStatistics(m: number): void {
    const { moving_average_fraction: f } = withDefaults(
      "BatchNormParameter",
      this.param.batch_norm_param,
    );
    const [meanSum, varianceSum, factorBlob] = this.blobs;
    const factor = factorBlob!.data.mutableCpu();
    factor[0] = f * factor[0]! + 1;
    const c = this.#channels;
    this.engine.axpby(c, 1, this.#mean.data, f, meanSum!.data);
    this.engine.axpby(c, m > 1 ? m / (m - 1) : 1, this.#variance.data, f, varianceSum!.data);
  }
}
