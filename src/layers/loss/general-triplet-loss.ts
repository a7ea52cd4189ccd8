import type { Blob } from "../../blob/blob.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import type { ParamField } from "../base/layer.ts";
import { DistanceTermsLayer } from "./distance-terms.ts";

/**
 * Wants every sample nearer to its own class's centre than to any other, by a margin.
 *
 *     E = 1/N · Σ over j ≠ label of w⁻·max(0, d(label) + margin − d(j))
 *     ∂E/∂d(j) = −w⁻/N where its term is above 0;  ∂E/∂d(label) = w⁺/N, once, where any is, and always with add_center_loss
 *
 * - bottom[0] d: N×C distances; bottom[1]: N labels; bottom[2], optional: N numbers that multiply the samples' gradients
 * - top[0]: a scalar; top[1], optional: the mean distance from the own centre and from the others
 * - `general_triplet_loss_param`: margin 0.2, add_center_loss true, hardest_only false (of a sample's terms only the greatest
 *   counts), positive_weight w⁺ 1, negative_weight w⁻ 1, positive_first false (where d(label) is above positive_upper_bound, 1, its
 *   gradient alone counts)
 *
 * With several terms, weights or the centre loss the gradient is no derivative.
 *
 * @see Wang et al., NormFace, ACM MM 2017; caffe-windows' GeneralTripletLossLayer
 */
export class GeneralTripletLossLayer extends DistanceTermsLayer {
  static override readonly type: string = "GeneralTripletLoss";
  static override readonly paramFields: readonly ParamField[] = [
    "general_triplet_loss_param",
    "loss_param",
  ];

  protected readonly told: number = 2;

  protected thirdFits(third: Blob): boolean {
    return third.count() === this.samples;
  }

  override setUp([x]: readonly [Blob, Blob, ...Blob[]]): void {
    this.samples = x.shape[0] ?? 1;
  }

  protected judge(
    d: ArrayLike<number>,
    labels: ArrayLike<number>,
    weights: ArrayLike<number> | undefined,
  ): readonly number[] {
    const param = withDefaults("GeneralTripletParameter", this.param.general_triplet_loss_param);
    const { costs, slopes, classes } = this;
    let [own, others] = [0, 0];
    costs.fill(0);
    slopes.fill(0);
    for (let i = 0; i < this.samples; i++) {
      const start = i * classes;
      const label = start + Math.trunc(labels[i]!);
      const weight = weights?.[i] ?? 1;
      let [hardest, active] = [-1, 0];
      own += d[label]!;
      for (let at = start; at < start + classes; at++) {
        if (at === label) continue;
        others += d[at]!;
        costs[at] = Math.max(0, d[label]! + param.margin - d[at]!) * param.negative_weight;
        if (costs[at]! > 0 && (hardest < 0 || costs[at]! > costs[hardest]!)) hardest = at;
      }
      const isFar = param.positive_first && d[label]! > param.positive_upper_bound;
      for (let at = start; at < start + classes; at++) {
        if (at === label) continue;
        if (isFar || (param.hardest_only && at !== hardest)) costs[at] = 0;
        if (costs[at] === 0) continue;
        slopes[at] = -param.negative_weight * weight;
        active++;
      }
      if (isFar || param.add_center_loss || active > 0) {
        slopes[label] = param.positive_weight * weight;
      }
    }
    const samples = Math.max(1, this.samples);
    return [own / samples, others / samples / Math.max(1, classes - 1)];
  }
}
