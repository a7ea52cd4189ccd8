import type { Blob } from "../../blob/blob.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { sameShape } from "../../util/shape.ts";
import type { LayerState, ParamField } from "../base/layer.ts";
import { refusesOtherForms } from "../base/layer-state.ts";
import { DistanceTermsLayer } from "./distance-terms.ts";

/**
 * Draws each sample to its own class's centre, and drives it from all others until they are a margin away.
 *
 *     E = 1/N · Σ w⁺·min(T, max(0, d(label) − m⁺)) + Σ over j ≠ label of w⁻·max(0, m⁻ − d(j))
 *     ∂E/∂d(label) = w⁺/N where m⁺ < d(label) < T;  ∂E/∂d(j) = −w⁻/N where d(j) < m⁻
 *
 * - bottom[0] d: N×C distances; bottom[1]: N labels; bottom[2], optional: distances that are judged in place of d, which gets their gradient
 * - top[0]: a scalar; top[1], optional: the mean of max(0, d(label) − m⁺) up to T, that of the others' terms, and with add_intra_mae the margin's part
 * - `general_contrastive_loss_param`: positive_margin m⁺ 0, negative_margin m⁻ 1, positive_weight w⁺ 1, negative_weight w⁻ 1,
 *   positive_outlier_thresh T 4; exp_negative_weight false (terms of others are w⁻·exp(−d)); max_negative_only false (of a sample's others only the greatest
 *   term counts); max_positive_only false (of all samples only the least term of an own class counts); positive_first false (where d(label) is above
 *   positive_upper_bound, 1, its gradient alone counts); normalize_negative: where the others' slopes come to more than this, times w⁺, per sample, they
 *   are divided by how much; add_intra_mae false (m⁻ grows by a running mean of the own distances, up to max_negative_margin 1.2)
 *
 * `square` has no effect.
 *
 * @see Wang et al., NormFace, ACM MM 2017; caffe-windows' GeneralContrastiveLossLayer
 */
export class GeneralContrastiveLossLayer extends DistanceTermsLayer {
  static override readonly type: string = "GeneralContrastiveLoss";
  static override readonly paramFields: readonly ParamField[] = [
    "general_contrastive_loss_param",
    "loss_param",
  ];

  readonly #options: ReturnType<typeof withDefaults<"GeneralContrastiveParameter">> = withDefaults(
    "GeneralContrastiveParameter",
    this.param.general_contrastive_loss_param,
  );
  /** The running mean of own distances. */
  #mean = 0;

  protected readonly told: number = this.#options.add_intra_mae ? 3 : 2;

  protected thirdFits(third: Blob, x: Blob): boolean {
    return sameShape(third.shape, x.shape);
  }

  override setUp(): void {
    const { normalize_negative } = this.param.general_contrastive_loss_param ?? {};
    if (normalize_negative !== undefined && !(normalize_negative > 0)) {
      this.fail(
        `general_contrastive_loss_param.normalize_negative is ${normalize_negative}. Expected more than 0.`,
      );
    }
    if (this.#options.square) {
      this.context.warn("general_contrastive_loss_param.square has no effect.");
    }
  }

  protected judge(
    x: ArrayLike<number>,
    labels: ArrayLike<number>,
    others: ArrayLike<number> | undefined,
  ): readonly number[] {
    const d = others ?? x;
    const param = this.#options;
    const { costs, slopes, classes } = this;
    const margin = param.negative_margin + (param.add_intra_mae ? this.#mean : 0);
    const labelled = (i: number): number => i * classes + Math.trunc(labels[i]!);
    const truncated = (i: number): number =>
      Math.min(param.positive_outlier_thresh, Math.max(0, d[labelled(i)]! - param.positive_margin));
    let [own, away, least] = [0, 0, 0];
    costs.fill(0);
    slopes.fill(0);
    for (let i = 0; i < this.samples; i++) {
      own += truncated(i);
      if (truncated(i) < truncated(least)) least = i;
    }
    for (let i = 0; i < this.samples; i++) {
      const label = labelled(i);
      const isFar = param.positive_first && d[label]! > param.positive_upper_bound;
      const counts = !param.max_positive_only || i === least;
      if (counts) costs[label] = truncated(i) * param.positive_weight;
      const isBetween =
        d[label]! > param.positive_margin && d[label]! < param.positive_outlier_thresh;
      if (isFar || (isBetween && counts)) slopes[label] = param.positive_weight;
      let greatest = -1;
      for (let at = i * classes; at < (i + 1) * classes; at++) {
        if (at === label || !(d[at]! < margin)) continue;
        away += margin - d[at]!;
        if (isFar) continue;
        const slope = param.exp_negative_weight ? Math.exp(-d[at]!) : 1;
        costs[at] = param.negative_weight * (param.exp_negative_weight ? slope : margin - d[at]!);
        slopes[at] = -param.negative_weight * slope;
        if (!param.max_negative_only) continue;
        const dropped = greatest >= 0 && costs[at]! <= costs[greatest]! ? at : greatest;
        if (dropped !== at) greatest = at;
        if (dropped >= 0) costs[dropped] = slopes[dropped] = 0;
      }
    }
    this.#normalizeOthers(labelled);
    const samples = Math.max(1, this.samples);
    this.#mean = Math.min(param.max_negative_margin, 0.99 * this.#mean + (0.01 * own) / samples);
    const told = [own / samples, away / samples / Math.max(1, classes - 1)];
    return param.add_intra_mae ? [...told, this.#mean] : told;
  }

  #normalizeOthers(labelled: (i: number) => number): void {
    const { normalize_negative } = this.param.general_contrastive_loss_param ?? {};
    if (normalize_negative === undefined) return;
    const { slopes, classes } = this;
    let sum = 0;
    for (let at = 0; at < slopes.length; at++) {
      if (at !== labelled(Math.floor(at / classes))) sum += slopes[at]!;
    }
    const share = Math.abs(sum) / normalize_negative / Math.max(1, this.samples);
    if (!(share > this.#options.positive_weight)) return;
    for (let at = 0; at < slopes.length; at++) {
      if (at !== labelled(Math.floor(at / classes))) slopes[at]! /= share;
    }
  }

  override state(): LayerState | undefined {
    return this.#options.add_intra_mae ? { mean: this.#mean } : undefined;
  }

  override refuses(state: LayerState): string | undefined {
    return refusesOtherForms(this.state(), state);
  }

  override restore(state: LayerState): undefined {
    this.#mean = Number(state["mean"] ?? 0);
  }
}
