import type { Primitive } from "../engines/engine.ts";
import { shapeText } from "../util/shape.ts";
import { arity, type One, type Two } from "./base/layer.ts";
import { LossLayer, type Normalization, normalizationOf, normalizer } from "./base/loss.ts";

/**
 * The log loss of independent probabilities σ(x) against targets between 0 and 1.
 *
 *     E     = −1/z · Σ t·log σ(x) + (1 − t)·log(1 − σ(x))
 *     ∂E/∂x = (σ(x) − t) / z
 *
 * z: the samples (BATCH_SIZE, the default), the counted values (VALID), all of them (FULL) or 1 (NONE).
 *
 * - bottom[0] x: scores N×…; bottom[1] t: targets, as many. top[0]: a scalar
 * - `loss_param`: ignore_label (targets that do not count), normalization BATCH_SIZE
 *
 * @see Caffe's SigmoidCrossEntropyLossLayer
 */
export class SigmoidCrossEntropyLossLayer extends LossLayer<Two, One> {
  static override readonly type: string = "SigmoidCrossEntropyLoss";
  static override readonly needs: readonly Primitive[] = ["host"];
  static override readonly tops = arity.one;

  #normalization: Normalization = "BATCH_SIZE";
  #ignored: number | undefined;
  #normalizer = 1;

  override setUp(): void {
    this.#normalization = normalizationOf(this.param.loss_param, "BATCH_SIZE");
    this.#ignored = this.param.loss_param?.ignore_label;
  }

  override reshape([x, target]: Two, [loss]: One): void {
    if (x.count() !== target.count()) {
      this.fail(
        `bottoms of shapes ${shapeText(x.shape)} and ${shapeText(target.shape)}. SIGMOID_CROSS_ENTROPY_LOSS layer inputs must have the same count.`,
      );
    }
    loss.reshape([]);
  }

  override forward([x, target]: Two, [loss]: One): void {
    const [values, targets, ignored] = [x.data.cpu(), target.data.cpu(), this.#ignored];
    const count = x.count();
    let [sum, valid] = [0, 0];
    for (let i = 0; i < count; i++) {
      if (Math.trunc(targets[i]!) === ignored) continue;
      const v = values[i]!;
      // No exponent is positive: nothing overflows.
      sum -= v * (targets[i]! - (v >= 0 ? 1 : 0)) - Math.log1p(Math.exp(-Math.abs(v)));
      valid++;
    }
    this.#normalizer = normalizer(this.#normalization, x.shape[0] ?? 1, x.count(1), valid);
    loss.data.overwriteCpu()[0] = sum / this.#normalizer;
  }

  override backward([loss]: One, propagateDown: readonly boolean[], [x, target]: Two): void {
    this.refuseLabelGradient(propagateDown);
    if (!propagateDown[0]) return;
    const [values, targets, ignored, dx] = [
      x.data.cpu(),
      target.data.cpu(),
      this.#ignored,
      x.diff.overwriteCpu(),
    ];
    const scale = loss.diff.cpu()[0]! / this.#normalizer;
    const count = x.count();
    for (let i = 0; i < count; i++) {
      const isCounted = Math.trunc(targets[i]!) !== ignored;
      dx[i] = isCounted ? scale * (1 / (1 + Math.exp(-values[i]!)) - targets[i]!) : 0;
    }
  }
}
