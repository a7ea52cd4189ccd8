import type { Primitive } from "../engines/engine.ts";
import { shapeText } from "../util/shape.ts";
import { arity, Layer, type One, type Two } from "./base/layer.ts";

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
  static override readonly needs: readonly Primitive[] = ["host"];
  static override readonly bottoms = arity.two;

  override reshape([x, index]: Two, [y]: One): void {
    if (index.shape.length !== 1) {
      this.fail(
        `bottom 1 has shape ${shapeText(index.shape)}. Expected one axis: the row numbers.`,
      );
    }
    y.reshape([index.count(), ...x.shape.slice(1)]);
  }

  override forward([x, index]: Two, [y]: One): void {
    const [from, rows, to] = [x.data.cpu(), index.data.cpu(), y.data.overwriteCpu()];
    const size = x.count(1);
    for (let i = 0; i < index.count(); i++) {
      const row = Math.trunc(rows[i]!);
      if (!(rows[i]! >= 0 && row < (x.shape[0] ?? 1))) {
        this.fail(
          `index ${rows[i]} at position ${i}. Expected 0 to ${(x.shape[0] ?? 1) - 1}, a row of bottom 0.`,
        );
      }
      to.set(from.subarray(row * size, (row + 1) * size), i * size);
    }
  }

  override backward([y]: One, propagateDown: readonly boolean[], [x, index]: Two): void {
    if (propagateDown[1]) this.fail("Cannot backprop to index.");
    if (!propagateDown[0]) return;
    const [dy, rows, dx] = [y.diff.cpu(), index.data.cpu(), x.diff.overwriteCpu()];
    const size = x.count(1);
    dx.fill(0, 0, x.count());
    for (let i = 0; i < index.count(); i++) {
      const to = Math.trunc(rows[i]!) * size;
      for (let k = 0; k < size; k++) dx[to + k]! += dy[i * size + k]!;
    }
  }

  override allowForceBackward(bottomIndex: number): boolean {
    return bottomIndex === 0;
  }
}
