import type { CopyOp, Primitive } from "../../engines/engine.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import { Layer, type One, type ParamField } from "../base/layer.ts";

/**
 * Puts the axes into another order: (N, C, H, W) → (N, H, W, C).
 *
 *     y(i_order[0], i_order[1], …) = x(i_0, i_1, …)
 *
 * - bottom[0]: any shape of one axis or more; top[0]: the same axes, as `order` has them
 * - `permute_param`: order, the axes that come first; the others follow as they stood
 *
 * Where nothing changes place the top uses the bottom's memory.
 *
 * @see Permute of SSD (weiliu89/caffe)
 */
export class PermuteLayer extends Layer<One, One> {
  static override readonly type: string = "Permute";
  static override readonly paramFields: readonly ParamField[] = ["permute_param"];
  static override readonly needs: readonly Primitive[] = ["permute"];

  /** Made once: which axes a bottom has does not change. */
  #order: readonly number[] = [];
  #isView = false;
  #shape: Shape | undefined;
  #op!: CopyOp;

  /** The axes that come first, and the field that says so. */
  protected given(): { readonly field: string; readonly order: readonly number[] } {
    return { field: "permute_param.order", order: this.param.permute_param?.order ?? [] };
  }

  override setUp([x]: One): void {
    const { field, order } = this.given();
    const rank = x.shape.length;
    if (rank === 0) this.fail("bottom has no axes. Expected one or more.");
    order.forEach((axis, i) => {
      if (axis >= rank) {
        this.fail(
          `${field} names axis ${axis}. Expected an axis of bottom shape ${shapeText(x.shape)}: 0 to ${rank - 1}.`,
        );
      }
      if (order.indexOf(axis) !== i) {
        this.fail(`${field} names axis ${axis} twice. Expected each axis once.`);
      }
    });
    const rest = x.shape.map((_, axis) => axis).filter((axis) => !order.includes(axis));
    this.#order = [...order, ...rest];
    this.#isView = this.#order.every((axis, i) => axis === i);
  }

  override reshape([x]: One, [y]: One): void {
    if (x.shape.length !== this.#order.length) {
      this.fail(
        `bottom has shape ${shapeText(x.shape)}. Expected ${this.#order.length} axes, as when the net was built.`,
      );
    }
    y.reshape(this.#order.map((axis) => x.shape[axis] ?? 1));
    if (this.#isView) {
      y.shareData(x);
      y.shareDiff(x);
      return;
    }
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    this.#op = this.engine.permute({ shape: x.shape, order: this.#order });
    this.#shape = x.shape;
  }

  override forward([x]: One, [y]: One): void {
    if (this.#isView) y.shareData(x);
    else this.#op.forward(x.dataMem, y.dataMem);
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    if (propagate && !this.#isView) this.#op.backward(y.diffMem, x.diffMem);
  }
}
