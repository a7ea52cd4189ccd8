import type { LabelLossOp, Primitive } from "../../engines/engine.ts";
import { shapeText } from "../../util/shape.ts";
import { arity, type BackwardReads, type One, type ParamField, type Two } from "../base/layer.ts";
import { LossLayer, type Normalization, normalizationOf, normalizer } from "../base/loss.ts";

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
  static override readonly paramFields: readonly ParamField[] = ["loss_param"];
  static override readonly needs: readonly Primitive[] = ["sigmoidLoss"];
  static override readonly tops = arity.one;
  static override readonly hostBottoms: readonly number[] = [1];

  #normalization: Normalization = "BATCH_SIZE";
  #ignored: number | undefined;
  #count = -1;
  #normalizer = 1;
  #op!: LabelLossOp;

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
    if (x.count() === this.#count) return;
    this.#count = x.count();
    this.#op = this.engine.sigmoidLoss({ count: this.#count, ignoreLabel: this.#ignored });
  }

  /** Labels are read as they are by then. */
  override backwardReadsBottom(bottomIndex: number): BackwardReads {
    return bottomIndex === 0 ? "kept" : "nothing";
  }

  override forward([x, target]: Two, [loss]: One): void {
    const counted = this.#normalization === "VALID" ? this.#countTargets(target) : 0;
    this.#normalizer = normalizer(this.#normalization, x.shape[0] ?? 1, x.count(1), counted);
    this.#op.forward(x.dataMem, target.dataMem, 1 / this.#normalizer, loss.dataMem);
  }

  #countTargets(target: Two[1]): number {
    if (this.#ignored === undefined) return this.#count;
    const values = target.dataMem.cpu();
    let counted = 0;
    for (let i = 0; i < this.#count; i++) if (Math.trunc(values[i]!) !== this.#ignored) counted++;
    return counted;
  }

  override backward([loss]: One, propagateDown: readonly boolean[], [x, target]: Two): void {
    this.refuseLabelGradient(propagateDown);
    if (!propagateDown[0]) return;
    const scale = loss.diffMem.cpu()[0]! / this.#normalizer;
    this.#op.backward(x.dataMem, target.dataMem, scale, x.diffMem);
  }
}
