import type { Blob } from "../../blob/blob.ts";
import { shapeText } from "../../util/shape.ts";
import type { Arity, Blobs, One, ParamField } from "../base/layer.ts";
import { LossLayer } from "../base/loss.ts";
import { smoothL1 } from "../detection/smooth-l1.ts";

/**
 * A loss that is square near 0 and straight beyond, for boxes.
 *
 *     E = Σ w_out · f(w_in · (x − t)) / N,  f(d) = σ²d²/2 where |d| < 1/σ², else |d| − 1/2σ²
 *
 * Three forks have it. Faster R-CNN's has four bottoms, or two and a `smooth_l1_loss_param`; Fast R-CNN's has three, and its w_in
 * does not multiply the gradient, which is the derivative where w_in is 0 or 1. Both count with the `loss_weight` that
 * is written alone, so without one they add nothing. SSD's has two bottoms, σ = 1 and weight 1.
 *
 * - bottom[0] x, bottom[1] t: N×…, with a gradient for each; bottom[2] w_in, bottom[3] w_out: their shape, no gradient
 * - top[0]: the loss, a scalar
 * - `smooth_l1_loss_param`: sigma σ 1
 *
 * @see SmoothL1Loss of Fast R-CNN (rbgirshick/caffe-fast-rcnn) and of SSD (weiliu89/caffe)
 */
export class SmoothL1LossLayer extends LossLayer<Blobs, One> {
  static override readonly type: string = "SmoothL1Loss";
  static override readonly paramFields: readonly ParamField[] = ["smooth_l1_loss_param"];
  static override readonly bottoms: Arity = { min: 2, max: 4 };

  /** ∂(N · E)/∂x, from forward. */
  #slopes = new Float64Array(0);

  override get countsByDefault(): boolean {
    return !this.#isOfFastRcnn;
  }

  get #isOfFastRcnn(): boolean {
    return (this.param.bottom?.length ?? 0) > 2 || this.param.smooth_l1_loss_param !== undefined;
  }

  override setUp(): void {
    const sigma = this.param.smooth_l1_loss_param?.sigma ?? 1;
    if (!(sigma > 0)) this.fail(`smooth_l1_loss_param.sigma is ${sigma}. Expected more than 0.`);
    if (this.#isOfFastRcnn && (this.param.loss_weight ?? []).length === 0) {
      this.context.warn(
        "adds nothing to the objective: as in Fast R-CNN it counts with a loss_weight that is written alone. Write loss_weight: 1.",
      );
    }
  }

  override reshape(bottom: Blobs, [y]: One): void {
    const [x] = bottom as [Blob];
    bottom.forEach((other, i) => {
      if (other.count() === x.count() && other.shape[0] === x.shape[0]) return;
      this.fail(
        `bottom ${i} has shape ${shapeText(other.shape)}. Expected that of bottom 0: ${shapeText(x.shape)}.`,
      );
    });
    y.reshape([]);
    if (this.#slopes.length < x.count()) this.#slopes = new Float64Array(x.count());
  }

  override forward(bottom: Blobs, [y]: One): void {
    const [x, t, within, of] = bottom.map((blob) => blob.dataMem.cpu());
    const sigma = this.param.smooth_l1_loss_param?.sigma ?? 1;
    const slopes = this.#slopes;
    let sum = 0;
    for (let i = 0; i < bottom[0]!.count(); i++) {
      const [inner, outer] = [within?.[i] ?? 1, of?.[i] ?? 1];
      const [loss, gradient] = smoothL1(inner * (x![i]! - t![i]!), sigma);
      sum += outer * loss;
      slopes[i] = gradient * (of ? inner * outer : 1);
    }
    y.dataMem.overwriteCpu()[0] = sum / Math.max(1, bottom[0]!.shape[0] ?? 1);
  }

  override backward([y]: One, propagateDown: readonly boolean[], bottom: Blobs): void {
    // Weights have none: those that a net works out, as Faster R-CNN's, get zeros.
    for (const i of [2, 3]) if (propagateDown[i]) bottom[i]!.diffMem.zero();
    const scale = y.diffMem.cpu()[0]! / Math.max(1, bottom[0]!.shape[0] ?? 1);
    for (const i of [0, 1]) {
      if (!propagateDown[i]) continue;
      const dx = bottom[i]!.diffMem.overwriteCpu();
      const factor = i === 0 ? scale : -scale;
      for (let k = 0; k < bottom[i]!.count(); k++) dx[k] = factor * this.#slopes[k]!;
    }
  }

  override allowForceBackward(bottomIndex: number): boolean {
    return bottomIndex < 2;
  }
}
