import { Blob } from "../../blob/blob.ts";
import type { Primitive, ReductionOp } from "../../engines/engine.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import type { One, Two } from "./layer.ts";
import { LossLayer } from "./loss.ts";

/** A loss that is a sum over a − b of two batches of equal counts, which both get gradients. */
export abstract class DistanceLossLayer extends LossLayer<Two, One> {
  static override readonly needs: readonly Primitive[] = ["axpby", "copy", "reduction"];

  #shape: Shape | undefined;
  /** a − b, as forward left it. */
  protected difference!: Blob;
  /** Sums over the difference: the first is the loss. */
  protected sums: readonly ReductionOp[] = [];

  /** The sums for batches of `images` images, `count` numbers in all. */
  protected abstract makeSums(images: number, count: number): readonly ReductionOp[];

  override setUp(): void {
    this.difference = new Blob([0], this.context.dtype);
  }

  override reshape([a, b]: Two, [loss]: One): void {
    if (a.shape[0] !== b.shape[0] || a.count() !== b.count()) {
      this.fail(
        `bottoms of shapes ${shapeText(a.shape)} and ${shapeText(b.shape)}. Inputs must have the same dimension.`,
      );
    }
    loss.reshape([]);
    if (this.#shape && sameShape(a.shape, this.#shape)) return;
    this.#shape = a.shape;
    this.difference.reshapeLike(a);
    this.sums = this.makeSums(a.shape[0] ?? 1, a.count());
  }

  override forward([a, b]: Two, [loss]: One): void {
    const { dataMem } = this.difference;
    this.engine.copy(a.count(), a.dataMem, dataMem);
    this.engine.axpby(a.count(), -1, b.dataMem, 1, dataMem);
    this.sums[0]!.forward(dataMem, loss.dataMem);
  }

  override allowForceBackward(): boolean {
    return true;
  }
}
