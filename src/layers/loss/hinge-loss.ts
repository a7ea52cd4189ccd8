import type { LabelLossOp, Primitive } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { type Shape, sameShape } from "../../util/shape.ts";
import type { BackwardReads, One, ParamField, Two } from "../base/layer.ts";
import { LossLayer } from "../base/loss.ts";

/**
 * One-against-all hinge loss.
 *
 *     E = 1/N · Σ max(0, 1 − s·x)ᵖ,  s = 1 for the labelled class and −1 for the others
 *
 * - bottom[0] x: scores N×C×…; bottom[1]: N labels. top[0]: a scalar
 * - `hinge_loss_param.norm`: L1 (p = 1, default) or L2 (p = 2)
 *
 * @see Caffe's HingeLossLayer
 */
export class HingeLossLayer extends LossLayer<Two, One> {
  static override readonly type: string = "HingeLoss";
  static override readonly paramFields: readonly ParamField[] = ["hinge_loss_param", "loss_param"];
  static override readonly needs: readonly Primitive[] = ["hingeLoss"];
  static override readonly hostBottoms: readonly number[] = [1];

  #shape: Shape | undefined;
  #op!: LabelLossOp;

  override reshape([x, label]: Two, [loss]: One): void {
    this.checkLabelCount(label, x, x.shape[0] ?? 1);
    loss.reshape([]);
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    const { norm } = withDefaults("HingeLossParameter", this.param.hinge_loss_param);
    const [batch, classes] = [x.shape[0] ?? 1, x.count(1)];
    this.#op = this.engine.hingeLoss({ batch, classes, norm });
    this.#shape = x.shape;
  }

  /** Labels are read as they are by then. */
  override backwardReadsBottom(bottomIndex: number): BackwardReads {
    return bottomIndex === 0 ? "kept" : "nothing";
  }

  override forward([x, label]: Two, [loss]: One): void {
    this.countLabels(label, x.count(1));
    this.#op.forward(x.dataMem, label.dataMem, 1 / (x.shape[0] ?? 1), loss.dataMem);
  }

  override backward([loss]: One, propagateDown: readonly boolean[], [x, label]: Two): void {
    this.refuseLabelGradient(propagateDown);
    if (!propagateDown[0]) return;
    const scale = loss.diffMem.cpu()[0]! / (x.shape[0] ?? 1);
    this.#op.backward(x.dataMem, label.dataMem, scale, x.diffMem);
  }
}
