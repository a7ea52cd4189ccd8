import type { Blob } from "../blob/blob.ts";
import type { Primitive } from "../engines/engine.ts";
import { shapeText } from "../util/shape.ts";
import { arity, type Blobs, Layer } from "./base/layer.ts";

/**
 * Lets through the rows of a batch for which a selector is not 0.
 *
 * - bottoms: one or more N×…, and last the selector, N×1×…, which has no gradient
 * - tops: one for each bottom but the selector, with only the selected rows
 *
 * Shapes of the tops follow the selector's values; when the net is built every row counts as selected.
 *
 * @see Caffe's FilterLayer
 */
export class FilterLayer extends Layer<Blobs, Blobs> {
  static override readonly type: string = "Filter";
  static override readonly needs: readonly Primitive[] = ["host"];
  static override readonly bottoms = arity.twoOrMore;
  static override readonly tops = arity.oneOrMore;

  #rows: number[] = [];
  #isBuilt = false;

  override setUp(bottom: Blobs, top: Blobs): void {
    if (top.length !== bottom.length - 1) {
      this.fail(
        `${bottom.length} bottoms and ${top.length} tops. Expected one top for each bottom but the last.`,
      );
    }
  }

  override reshape(bottom: Blobs, top: Blobs): void {
    const selector = bottom[bottom.length - 1] as Blob;
    const count = selector.shape[0] ?? 1;
    if (selector.count() !== count) {
      this.fail(
        `the selector has shape ${shapeText(selector.shape)}. Selector blob dimensions must be singletons (1), except the first.`,
      );
    }
    const values = selector.data.cpu();
    this.#rows.length = 0;
    for (let n = 0; n < count; n++) if (values[n] !== 0) this.#rows.push(n);
    const kept = this.#isBuilt ? this.#rows.length : count;
    this.#isBuilt = true;
    top.forEach((y, i) => {
      const x = bottom[i] as Blob;
      if (x.shape[0] !== count) {
        this.fail(
          `bottom ${i} has shape ${shapeText(x.shape)}. Each bottom should have the same 0th dimension as the selector blob: ${count}.`,
        );
      }
      y.reshape([kept, ...x.shape.slice(1)]);
    });
  }

  override forward(bottom: Blobs, top: Blobs): void {
    top.forEach((y, i) => {
      const x = bottom[i] as Blob;
      const [from, to, size] = [x.data.cpu(), y.data.overwriteCpu(), x.count(1)];
      this.#rows.forEach((row, n) => {
        to.set(from.subarray(row * size, (row + 1) * size), n * size);
      });
    });
  }

  override backward(top: Blobs, propagateDown: readonly boolean[], bottom: Blobs): void {
    if (propagateDown[bottom.length - 1]) {
      this.fail("Filter Layer cannot backpropagate to filter index inputs.");
    }
    top.forEach((y, i) => {
      if (!propagateDown[i]) return;
      const x = bottom[i] as Blob;
      const [dy, dx, size] = [y.diff.cpu(), x.diff.overwriteCpu(), x.count(1)];
      dx.fill(0, 0, x.count());
      this.#rows.forEach((row, n) => {
        dx.set(dy.subarray(n * size, (n + 1) * size), row * size);
      });
    });
  }

  override allowForceBackward(bottomIndex: number): boolean {
    return bottomIndex < (this.param.bottom?.length ?? 0) - 1;
  }
}
