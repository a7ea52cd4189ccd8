import type { Primitive, SoftmaxOp } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { type Shape, sameShape } from "../../util/shape.ts";
import { type CoordMapOf, unmoved } from "../base/coord-map.ts";
import {
  type BackwardReads,
  Layer,
  type LayerRole,
  type One,
  type ParamField,
} from "../base/layer.ts";

/**
 * Scores become probabilities along an axis.
 *
 *     y(c)  = e^x(c) / Σ e^x
 *     ∂E/∂x = y · (∂E/∂y − Σ ∂E/∂y · y)
 *
 * - bottom[0], top[0]: any shape; `softmax_param.axis` (default 1) is the classes' axis
 *
 * @see Caffe's SoftmaxLayer
 */
export class SoftmaxLayer extends Layer<One, One> {
  static override readonly type: string = "Softmax";
  static override readonly isSteady: boolean = true;
  static override readonly paramFields: readonly ParamField[] = ["softmax_param"];
  static override readonly needs: readonly Primitive[] = ["softmax"];
  static override readonly allowsInPlace: boolean = true;
  static override readonly role: LayerRole = "activation";
  static override readonly coordMap: CoordMapOf = unmoved;

  #shape: Shape | undefined;
  #op!: SoftmaxOp;

  override reshape([x]: One, [y]: One): void {
    if (x !== y) y.reshapeLike(x);
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    const { axis } = withDefaults("SoftmaxParameter", this.param.softmax_param);
    this.#shape = x.shape;
    this.#op = this.engine.softmax({ shape: x.shape, axis: this.named(() => x.axis(axis)) });
  }

  override forward([x]: One, [y]: One): void {
    this.#op.forward(x.dataMem, y.dataMem);
  }

  override backwardReadsTop(): BackwardReads {
    return "present";
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    if (propagate) this.#op.backward(y.dataMem, y.diffMem, x.diffMem);
  }
}
