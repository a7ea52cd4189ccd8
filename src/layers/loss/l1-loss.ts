import { Blob } from "../../blob/blob.ts";
import type { Primitive, ReductionOp } from "../../engines/engine.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import type { One, Two } from "../base/layer.ts";
import { LossLayer } from "../base/loss.ts";

/**
 * The mean distance of two batches, along the axes.
 *
 *     E     = 1/N · Σ |a − b|
 *     ∂E/∂a = sign(a − b) / N, 0 where they are equal        ∂E/∂b = −∂E/∂a
 *
 * - bottom[0] a, bottom[1] b: N×…, equal counts; both get gradients. top[0]: a scalar
 *
 * @see Isola et al., CVPR 2017; NVIDIA's L1LossLayer
 */
export class L1LossLayer extends LossLayer<Two, One> {
  static override readonly type: string = "L1Loss";
  static override readonly needs: readonly Primitive[] = ["axpby", "copy", "reduction"];
  /** The reductions read them where they lie. */
  static override readonly hostTopDiffs: readonly number[] = [];

  #shape: Shape | undefined;
  #difference!: Blob;
  /** The loss, and the same turned over: what b's gradient is taken from. */
  #sums: readonly ReductionOp[] = [];

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
    const [outer, inner] = [1, a.count()];
    this.#sums = [1, -1].map((sign) =>
      this.engine.reduction({ operation: "ASUM", outer, inner, coeff: sign / (a.shape[0] ?? 1) }),
    );
  }

  override forward([a, b]: Two, [loss]: One): void {
    const difference = this.#difference.dataMem;
    this.engine.copy(a.count(), a.dataMem, difference);
    this.engine.axpby(a.count(), -1, b.dataMem, 1, difference);
    this.#sums[0]!.forward(difference, loss.dataMem);
  }

  override backward([loss]: One, propagateDown: readonly boolean[], bottom: Two): void {
    bottom.forEach((x, i) => {
      if (propagateDown[i]) {
        this.#sums[i]!.backward(this.#difference.dataMem, loss.diffMem, x.diffMem);
      }
    });
  }

  override allowForceBackward(): boolean {
    return true;
  }
}
