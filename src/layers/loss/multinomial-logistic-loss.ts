import type { LabelLossOp, Primitive } from "../../engines/engine.ts";
import { type Shape, sameShape } from "../../util/shape.ts";
import type { BackwardReads, One, ParamField, Two } from "../base/layer.ts";
import { LossLayer } from "../base/loss.ts";

/**
 * The log loss of given probabilities; SoftmaxWithLoss computes them itself, and more exactly.
 *
 *     E = −1/N · Σ log p(label)        ∂E/∂p(label) = −1 / (N · p(label)), 0 for the others
 *
 * - bottom[0] p: N×C×…, each sample adds up to 1 (a p below 10⁻²⁰ counts as that); bottom[1]: N labels. top[0]: a scalar
 *
 * @see Caffe's MultinomialLogisticLossLayer
 */
export class MultinomialLogisticLossLayer extends LossLayer<Two, One> {
  static override readonly type: string = "MultinomialLogisticLoss";
  static override readonly paramFields: readonly ParamField[] = ["loss_param"];
  static override readonly needs: readonly Primitive[] = ["multinomialLoss"];
  static override readonly hostBottoms: readonly number[] = [1];

  #shape: Shape | undefined;
  #op!: LabelLossOp;

  override reshape([p, label]: Two, [loss]: One): void {
    this.checkLabelCount(label, p, p.shape[0] ?? 1);
    loss.reshape([]);
    if (this.#shape && sameShape(this.#shape, p.shape)) return;
    this.#op = this.engine.multinomialLoss({ batch: p.shape[0] ?? 1, classes: p.count(1) });
    this.#shape = p.shape;
  }

  override forward([p, label]: Two, [loss]: One): void {
    this.countLabels(label, p.count(1));
    this.#op.forward(p.dataMem, label.dataMem, 1 / (p.shape[0] ?? 1), loss.dataMem);
  }

  override backwardReadsBottom(): BackwardReads {
    return "present";
  }

  override backward([loss]: One, propagateDown: readonly boolean[], [p, label]: Two): void {
    this.refuseLabelGradient(propagateDown);
    if (!propagateDown[0]) return;
    const scale = loss.diffMem.cpu()[0]! / (p.shape[0] ?? 1);
    this.#op.backward(p.dataMem, label.dataMem, scale, p.diffMem);
  }
}
