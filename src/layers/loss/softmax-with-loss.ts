import { Blob } from "../../blob/blob.ts";
import type { Primitive, SoftmaxLossOp } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { type Shape, sameShape } from "../../util/shape.ts";
import {
  arity,
  type BackwardReads,
  type OneOrMore,
  type ParamField,
  type Two,
} from "../base/layer.ts";
import { LossLayer, type Normalization, normalizationOf, normalizer } from "../base/loss.ts";

/**
 * Softmax over the classes and the log loss of the labels.
 *
 *     E     = −1/z · Σ log p(label),  p = softmax(x)
 *     ∂E/∂x = (p − onehot(label)) / z
 *
 * z: the counted labels (VALID), all of them (FULL), the images (BATCH_SIZE) or 1 (NONE); at least 1.
 *
 * - bottom[0]: scores N×C×…, classes along `softmax_param.axis` (1); bottom[1]: one label for every other position
 * - top[0]: the loss, a scalar; top[1], optional: the probabilities
 * - `loss_param`: ignore_label (positions that do not count), normalization VALID
 *
 * p is taken as at least FLT_MIN: a net that gives 0 to every label shows 87.3365.
 *
 * @see Caffe's SoftmaxWithLossLayer
 */
export class SoftmaxWithLossLayer extends LossLayer<Two, OneOrMore> {
  static override readonly type: string = "SoftmaxWithLoss";
  static override readonly paramFields: readonly ParamField[] = ["softmax_param", "loss_param"];
  static override readonly needs: readonly Primitive[] = ["softmaxLoss"];
  static override readonly hostBottoms: readonly number[] = [1];
  static override readonly tops = arity.oneOrTwo;

  #normalization: Normalization = "VALID";
  #ignoreLabel: number | undefined;
  #shape: Shape | undefined;
  #outer = 0;
  #inner = 0;
  #classes = 0;
  #valid = 0;
  #op!: SoftmaxLossOp;
  #ownProb!: Blob;

  override setUp(): void {
    this.#normalization = normalizationOf(this.param.loss_param);
    this.#ignoreLabel = this.param.loss_param?.ignore_label;
    this.#ownProb = new Blob([0], this.context.dtype);
  }

  override reshape([x, label]: Two, [loss, prob]: OneOrMore): void {
    loss.reshape([]);
    (prob ?? this.#ownProb).reshapeLike(x);
    if (!this.#shape || !sameShape(this.#shape, x.shape)) {
      const axis = this.named(() =>
        x.axis(withDefaults("SoftmaxParameter", this.param.softmax_param).axis),
      );
      this.#shape = x.shape;
      this.#outer = x.count(0, axis);
      this.#inner = x.count(axis + 1);
      this.#classes = x.shape[axis] ?? 1;
      this.#op = this.engine.softmaxLoss({ shape: x.shape, axis, ignoreLabel: this.#ignoreLabel });
    }
    this.checkLabelCount(label, x, this.#outer * this.#inner);
  }

  override forward([x, label]: Two, [top, prob = this.#ownProb]: OneOrMore): void {
    this.#valid = this.countLabels(label, this.#classes, this.#ignoreLabel);
    this.#op.forward(x.dataMem, label.dataMem, prob.dataMem, 1 / this.#normalizer(), top.dataMem);
  }

  override backwardReadsTop(topIndex: number): BackwardReads {
    return topIndex === 1 ? "present" : "nothing";
  }

  override backward(
    [top, prob = this.#ownProb]: OneOrMore,
    propagateDown: readonly boolean[],
    [x, label]: Two,
  ): void {
    this.refuseLabelGradient(propagateDown);
    if (!propagateDown[0]) return;
    const scale = top.diffMem.cpu()[0]! / this.#normalizer();
    this.#op.backward(prob.dataMem, label.dataMem, scale, x.diffMem);
  }

  #normalizer(): number {
    return normalizer(this.#normalization, this.#outer, this.#inner, this.#valid);
  }
}
