import type { ReductionOp } from "../../engines/engine.ts";
import { DistanceLossLayer } from "../base/distance-loss.ts";
import type { One, Two } from "../base/layer.ts";

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
export class EuclideanLossLayer extends DistanceLossLayer {
  static override readonly type: string = "EuclideanLoss";

  protected override makeSums(images: number, count: number): readonly ReductionOp[] {
    const coeff = 1 / (2 * images);
    return [this.engine.reduction({ operation: "SUMSQ", outer: 1, inner: count, coeff })];
  }

  override backward([loss]: One, propagateDown: readonly boolean[], bottom: Two): void {
    bottom.forEach((x, i) => {
      if (!propagateDown[i]) return;
      const scale = ((i === 0 ? 1 : -1) * loss.diffMem.cpu()[0]!) / (x.shape[0] ?? 1);
      this.engine.axpby(x.count(), scale, this.difference.dataMem, 0, x.diffMem);
    });
  }
}
