import type { GatherOp, Primitive } from "../../engines/engine.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import { arity, Layer, type One, type Two } from "../base/layer.ts";

/**
 * Picks rows of a batch by number; a row may be picked often or never.
 *
 *     y(i) = x(index(i))        ∂E/∂x(r) = Σ ∂E/∂y(i) over all i with index(i) = r
 *
 * - bottom[0] x: N×…; bottom[1]: M row numbers, one axis, no gradient; top[0]: M×…
 *
 * @see Caffe's BatchReindexLayer
 */
export class BatchReindexLayer extends Layer<Two, One> {
  static override readonly type: string = "BatchReindex";
  static override readonly needs: readonly Primitive[] = ["gather"];
  static override readonly bottoms = arity.two;
  static override readonly hostBottoms: readonly number[] = [1];

  #shapes: readonly Shape[] = [];
  #op!: GatherOp;

  override reshape([x, index]: Two, [y]: One): void {
    if (index.shape.length !== 1) {
      this.fail(
        `bottom 1 has shape ${shapeText(index.shape)}. Expected one axis: the row numbers.`,
      );
    }
    const [before = [], beforeIndex = []] = this.#shapes;
    if (
      this.#shapes.length > 0 &&
      sameShape(x.shape, before) &&
      sameShape(index.shape, beforeIndex)
    )
      return;
    y.reshape([index.count(), ...x.shape.slice(1)]);
    const [rows, size, picks] = [x.shape[0] ?? 1, x.count(1), index.count()];
    this.#op = this.engine.gather({ rows, size, picks });
    this.#shapes = [x.shape, index.shape];
  }

  override forward([x, index]: Two, [y]: One): void {
    const rows = index.dataMem.cpu();
    for (let i = 0; i < index.count(); i++) {
      if (!(rows[i]! >= 0 && Math.trunc(rows[i]!) < (x.shape[0] ?? 1))) {
        this.fail(
          `index ${rows[i]} at position ${i}. Expected 0 to ${(x.shape[0] ?? 1) - 1}, a row of bottom 0.`,
        );
      }
    }
    this.#op.forward(x.dataMem, index.dataMem, y.dataMem);
  }

  override backward([y]: One, propagateDown: readonly boolean[], [x, index]: Two): void {
    if (propagateDown[1]) this.fail("Cannot backprop to index.");
    if (!propagateDown[0]) return;
    x.diffMem.zero();
    this.#op.backward(y.diffMem, index.dataMem, x.diffMem);
  }

  override allowForceBackward(bottomIndex: number): boolean {
    return bottomIndex === 0;
  }
}
