import type { ReductionOp } from "../../engines/engine.ts";
import { DistanceLossLayer } from "../base/distance-loss.ts";
import type { One, Two } from "../base/layer.ts";

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
export class L1LossLayer extends DistanceLossLayer {
  static override readonly type: string = "L1Loss";
  /** The reductions read them where they lie. */
  static override readonly hostTopDiffs: readonly number[] = [];

  /** The loss, and the same turned over: what b's gradient is taken from. */
  protected override makeSums(images: number, count: number): readonly ReductionOp[] {
    return [1, -1].map((sign) =>
      this.engine.reduction({ operation: "ASUM", outer: 1, inner: count, coeff: sign / images }),
    );
  }

  override backward([loss]: One, propagateDown: readonly boolean[], bottom: Two): void {
    bottom.forEach((x, i) => {
      if (propagateDown[i]) {
        this.sums[i]!.backward(this.difference.dataMem, loss.diffMem, x.diffMem);
      }
    });
  }
}
