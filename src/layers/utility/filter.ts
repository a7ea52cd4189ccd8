import { Blob } from "../../blob/blob.ts";
import type { GatherOp, Primitive } from "../../engines/engine.ts";
import { shapeText } from "../../util/shape.ts";
import { arity, type Blobs, Layer } from "../base/layer.ts";

/**
 * Lets through the rows of a batch for which a selector is not 0.
 *
 * - bottoms: one or more N×…, and last the selector, N×1×…, which has no gradient
 * - tops: one for each bottom but the selector, with only the selected rows
 *
 * Shapes of the tops follow the selector's values; every row counts as selected where these are not known yet: when the
 * net is built, and when it is reshaped while they lie on a device.
 *
 * @see Caffe's FilterLayer
 */
export class FilterLayer extends Layer<Blobs, Blobs> {
  static override readonly type: string = "Filter";
  static override readonly needs: readonly Primitive[] = ["gather"];
  static override readonly hostBottoms: readonly number[] = [-1];
  static override readonly bottoms = arity.twoOrMore;
  static override readonly tops = arity.oneOrMore;

  /** The numbers of the selected rows. */
  #rows!: Blob;
  #ops: readonly GatherOp[] = [];
  #isBuilt = false;

  override setUp(bottom: Blobs, top: Blobs): void {
    this.#rows = new Blob([0], this.context.dtype);
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
    const values = this.#isBuilt && selector.dataMem.isOnHost ? selector.dataMem.cpu() : undefined;
    const rows: number[] = [];
    for (let n = 0; n < count; n++) if (values?.[n] !== 0) rows.push(n);
    this.#rows.reshape([rows.length]);
    this.#rows.dataMem.overwriteCpu().set(rows);
    this.#isBuilt = true;
    top.forEach((y, i) => {
      const x = bottom[i] as Blob;
      if (x.shape[0] !== count) {
        this.fail(
          `bottom ${i} has shape ${shapeText(x.shape)}. Each bottom should have the same 0th dimension as the selector blob: ${count}.`,
        );
      }
      y.reshape([rows.length, ...x.shape.slice(1)]);
    });
    this.#ops = top.map((_, i) => {
      const size = (bottom[i] as Blob).count(1);
      return this.engine.gather({ rows: count, size, picks: rows.length });
    });
  }

  override forward(bottom: Blobs, top: Blobs): void {
    top.forEach((y, i) => {
      this.#ops[i]!.forward(bottom[i]!.dataMem, this.#rows.dataMem, y.dataMem);
    });
  }

  override backward(top: Blobs, propagateDown: readonly boolean[], bottom: Blobs): void {
    if (propagateDown[bottom.length - 1]) {
      this.fail("Filter Layer cannot backpropagate to filter index inputs.");
    }
    top.forEach((y, i) => {
      if (!propagateDown[i]) return;
      const x = bottom[i] as Blob;
      x.diffMem.zero();
      this.#ops[i]!.backward(y.diffMem, this.#rows.dataMem, x.diffMem);
    });
  }

  override allowForceBackward(bottomIndex: number): boolean {
    return bottomIndex < (this.param.bottom?.length ?? 0) - 1;
  }
}
