import { Blob } from "../../blob/blob.ts";
import type { Primitive, ReductionOp } from "../../engines/engine.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import type { One, Two } from "../base/layer.ts";
import { LossLayer } from "../base/loss.ts";

/**
 * Half the mean squared distance of two batches.
 *
 *     E     = 1/(2N) · Σ (a − b)²
 *     ∂E/∂a = (a − b) / N        ∂E/∂b = −(a − b) / N
 *
 * - bottom[0] a, bottom[1] b: N×…, equal counts; both get gradients. top[0]: a scalar
 *
 * @see Caffe's EuclideanLossLayer
 */
export class EuclideanLossLayer extends LossLayer<Two, One> {
  static override readonly type: string = "EuclideanLoss";
  static override readonly needs: readonly Primitive[] = ["axpby", "copy", "reduction"];

  #shape: Shape | undefined;
  #difference!: Blob;
  #squares!: ReductionOp;

  override setUp(): void {
    this.#difference = new Blob([0], this.context.dtype);
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
    this.#difference.reshapeLike(a);
    const coeff = 1 / (2 * (a.shape[0] ?? 1));
    const [outer, inner] = [1, a.count()];
    this.#squares = this.engine.reduction({ operation: "SUMSQ", outer, inner, coeff });
  }

  override forward([a, b]: Two, [loss]: One): void {
    const difference = this.#difference.dataMem;
    this.engine.copy(a.count(), a.dataMem, difference);
    this.engine.axpby(a.count(), -1, b.dataMem, 1, difference);
    this.#squares.forward(difference, loss.dataMem);
  }

  override backward([loss]: One, propagateDown: readonly boolean[], bottom: Two): void {
    bottom.forEach((x, i) => {
      if (!propagateDown[i]) return;
      const scale = ((i === 0 ? 1 : -1) * loss.diffMem.cpu()[0]!) / (x.shape[0] ?? 1);
      this.engine.axpby(x.count(), scale, this.#difference.dataMem, 0, x.diffMem);
    });
  }

  override allowForceBackward(): boolean {
    return true;
  }
}
