import type { Blob } from "../../blob/blob.ts";
import { shapeText } from "../../util/shape.ts";
import { type Arity, arity, type Blobs, type OneOrMore, type ParamField } from "../base/layer.ts";
import { LossLayer, normalizationOf, normalizer } from "../base/loss.ts";
import { smoothL1 } from "../detection/smooth-l1.ts";

/**
 * SmoothL1Loss with the loss of each region beside it, by which BoxAnnotatorOHEM chooses the hard ones.
 *
 *     E = Σ f(w · (x − t)) / z,  f(d) = d²/2 where |d| < 1, else |d| − ½
 *
 * z: N·H·W (VALID, FULL), N (BATCH_SIZE), pre_fixed_normalizer (PRE_FIXED) or 1 (NONE); at least 1. It counts with the
 * `loss_weight` that is written alone. As in R-FCN w does not multiply the gradient, which is the derivative where w is 0
 * or 1; nothing flows back from top[1].
 *
 * - bottom[0] x, bottom[1] t: N×C×H×W, with a gradient for each; bottom[2] w, optional: their shape, no gradient
 * - top[0]: the loss, a scalar; top[1], optional: N×1×H×W, the sums over channels
 * - `loss_param`: normalization VALID, pre_fixed_normalizer 1
 *
 * @see SmoothL1LossOHEM of R-FCN
 */
export class SmoothL1LossOHEMLayer extends LossLayer<Blobs, OneOrMore> {
  static override readonly type: string = "SmoothL1LossOHEM";
  static override readonly paramFields: readonly ParamField[] = ["loss_param"];
  static override readonly bottoms: Arity = { min: 2, max: 3 };
  static override readonly tops: Arity = arity.oneOrTwo;

  /** Derivatives of f, from forward. */
  #slopes = new Float64Array(0);

  override get countsByDefault(): boolean {
    return false;
  }

  override setUp(): void {
    if ((this.param.loss_weight ?? []).length > 0) return;
    this.context.warn(
      "adds nothing to the objective: as in R-FCN it counts with a loss_weight that is written alone. Write loss_weight: 1.",
    );
  }

  override reshape(bottom: Blobs, [y, each]: OneOrMore): void {
    const [x] = bottom as [Blob];
    bottom.forEach((other, i) => {
      if (other.count() === x.count() && other.shape[0] === x.shape[0]) return;
      this.fail(
        `bottom ${i} has shape ${shapeText(other.shape)}. Expected that of bottom 0: ${shapeText(x.shape)}.`,
      );
    });
    const [batch, , height, width] = this.#axes(x);
    y.reshape([]);
    each?.reshape([batch, 1, height, width]);
    if (this.#slopes.length < x.count()) this.#slopes = new Float64Array(x.count());
  }

  #axes(x: Blob): readonly [number, number, number, number] {
    return this.named(
      () => [x.legacyAxis(0), x.legacyAxis(1), x.legacyAxis(2), x.legacyAxis(3)] as const,
    );
  }

  override forward(bottom: Blobs, [y, each]: OneOrMore): void {
    const [x, t, weights] = bottom.map((blob) => blob.dataMem.cpu());
    const [batch, channels, height, width] = this.#axes(bottom[0]!);
    const spatial = height * width;
    const losses = each?.dataMem.overwriteCpu().fill(0);
    let sum = 0;
    for (let n = 0, i = 0; n < batch; n++) {
      for (let c = 0; c < channels; c++) {
        for (let p = 0; p < spatial; p++, i++) {
          const [loss, slope] = smoothL1((weights?.[i] ?? 1) * (x![i]! - t![i]!));
          this.#slopes[i] = slope;
          sum += loss;
          if (losses) losses[n * spatial + p]! += loss;
        }
      }
    }
    y.dataMem.overwriteCpu()[0] = sum / this.#normalizer(batch, spatial);
  }

  #normalizer(batch: number, spatial: number): number {
    const param = this.param.loss_param;
    const fixed = param?.pre_fixed_normalizer;
    return normalizer(normalizationOf(param), batch, spatial, batch * spatial, fixed);
  }

  override backward([y]: OneOrMore, propagateDown: readonly boolean[], bottom: Blobs): void {
    if (propagateDown[2]) {
      this.fail("Layer cannot backpropagate to weights. Expected propagate_down: false for them.");
    }
    const [batch, , height, width] = this.#axes(bottom[0]!);
    const scale = y.diffMem.cpu()[0]! / this.#normalizer(batch, height * width);
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
