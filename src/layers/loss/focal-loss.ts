import { Blob } from "../../blob/blob.ts";
import type { Primitive, SoftmaxOp } from "../../engines/engine.ts";
import { type Shape, sameShape } from "../../util/shape.ts";
import type { One, ParamField, Two } from "../base/layer.ts";
import { LossLayer, type Normalization, normalizationOf, normalizer } from "../base/loss.ts";

/**
 * A softmax loss that cares less for what is right already. p is the probability of the label.
 *
 *     E      = −1/z · Σ α·(1 − p)^γ · log p
 *     ∂E/∂xᵢ = α·(γ·(1 − p)^(γ−1)·p·log p − (1 − p)^γ)·(δᵢ − pᵢ) / z
 *
 * caffe-windows (happynear) gave the name to another. It is taken where `type: ONEADDP` is written or the layer has
 * `fork: "happynear"`; p is subtracted, and added with ONEADDP:
 *
 *     E      = −1/z · Σ (α ∓ p)^γ · log p
 *     ∂E/∂xᵢ = (±γ·(α ∓ p)^γ·p·log p / (1 ∓ p) − (α ∓ p)^γ)·(δᵢ − pᵢ) / z, the derivative where α is 1
 *
 * z: the counted labels (VALID), all of them (FULL), the images (BATCH_SIZE) or 1 (NONE); at least 1.
 *
 * - bottom[0]: scores N×C×…, classes along `softmax_param.axis` (1); bottom[1]: one label for every other position
 * - top[0]: the loss, a scalar
 * - `focal_loss_param`: alpha 0.25 (happynear's: 1), gamma 2; beta has no effect
 * - `loss_param`: ignore_label (positions that do not count), normalization VALID
 *
 * @see Lin et al., Focal Loss for Dense Object Detection, ICCV 2017; zimenglan's and caffe-windows' FocalLossLayer
 */
export class FocalLossLayer extends LossLayer<Two, One> {
  static override readonly type: string = "FocalLoss";
  static override readonly forks: readonly string[] = ["zimenglan", "happynear"];
  static override readonly paramFields: readonly ParamField[] = [
    "focal_loss_param",
    "loss_param",
    "softmax_param",
  ];
  static override readonly needs: readonly Primitive[] = ["softmax", "host"];
  static override readonly hostBottoms: readonly number[] = [1];

  #normalization: Normalization = "VALID";
  #ignoreLabel: number | undefined;
  #focus!: Focus;
  #shape: Shape | undefined;
  #outer = 0;
  #inner = 0;
  #classes = 0;
  #valid = 0;
  #softmax!: SoftmaxOp;
  #prob!: Blob;

  override setUp(): void {
    const { type, gamma = 2, alpha } = this.param.focal_loss_param ?? {};
    const { fork } = this.param;
    this.#normalization = normalizationOf(this.param.loss_param);
    this.#ignoreLabel = this.param.loss_param?.ignore_label;
    this.#prob = new Blob([0], this.context.dtype);
    if (type === "ONEADDP") this.expectFork("happynear", "type: ONEADDP");
    if (type === "ONEADDP") this.#focus = { factor: 1, one: alpha ?? 1, sign: 1, gamma };
    else if (fork === "happynear") this.#focus = { factor: 1, one: alpha ?? 1, sign: -1, gamma };
    else this.#focus = { factor: alpha ?? 0.25, one: 1, sign: -1, gamma };
    if (type !== "ONEADDP" && alpha !== 1 && fork === undefined) {
      this.context.warn(
        `alpha is taken for a factor, ${this.#focus.factor}·(1 − p)^γ. Write fork: "happynear" in the layer for (alpha − p)^γ, as caffe-windows has it, or fork: "zimenglan" for this.`,
      );
    }
  }

  override reshape([x, label]: Two, [loss]: One): void {
    loss.reshape([]);
    if (!this.#shape || !sameShape(this.#shape, x.shape)) {
      const axis = this.named(() => x.axis(this.param.softmax_param?.axis ?? 1));
      this.#shape = x.shape;
      this.#prob.reshapeLike(x);
      this.#outer = x.count(0, axis);
      this.#inner = x.count(axis + 1);
      this.#classes = x.shape[axis] ?? 1;
      this.#softmax = this.engine.softmax({ shape: x.shape, axis });
    }
    this.checkLabelCount(label, x, this.#outer * this.#inner);
  }

  override forward([x, label]: Two, [loss]: One): void {
    this.#valid = this.countLabels(label, this.#classes, this.#ignoreLabel);
    this.#softmax.forward(x.dataMem, this.#prob.dataMem);
    const [labels, prob] = [label.dataMem.cpu(), this.#prob.dataMem.cpu()];
    const { factor, one, sign, gamma } = this.#focus;
    let sum = 0;
    for (let i = 0; i < label.count(); i++) {
      const k = Math.trunc(labels[i]!);
      if (k === this.#ignoreLabel) continue;
      const p = prob[this.#at(i, k)]!;
      sum -= factor * (one + sign * p) ** gamma * Math.log(Math.max(p, FLT_MIN));
    }
    loss.dataMem.overwriteCpu()[0] = sum / this.#normalizer();
  }

  override backward([loss]: One, propagateDown: readonly boolean[], [x, label]: Two): void {
    this.refuseLabelGradient(propagateDown);
    if (!propagateDown[0]) return;
    const [labels, prob] = [label.dataMem.cpu(), this.#prob.dataMem.cpu()];
    const dx = x.diffMem.overwriteCpu();
    const scale = loss.diffMem.cpu()[0]! / this.#normalizer();
    for (let i = 0; i < label.count(); i++) {
      const k = Math.trunc(labels[i]!);
      const isIgnored = k === this.#ignoreLabel;
      const slope = isIgnored ? 0 : scale * slopeOf(this.#focus, prob[this.#at(i, k)]!);
      for (let c = 0; c < this.#classes; c++) {
        const at = this.#at(i, c);
        dx[at] = isIgnored ? 0 : slope * ((c === k ? 1 : 0) - prob[at]!);
      }
    }
  }

  /** Where class c of position i stands. */
  #at(i: number, c: number): number {
    const outer = Math.floor(i / this.#inner);
    return (outer * this.#classes + c) * this.#inner + (i - outer * this.#inner);
  }

  #normalizer(): number {
    return normalizer(this.#normalization, this.#outer, this.#inner, this.#valid);
  }
}

/** factor · (one + sign·p)^γ, what a label's log loss is multiplied by. */
interface Focus {
  readonly factor: number;
  readonly one: number;
  readonly sign: number;
  readonly gamma: number;
}

/** p times the derivative by p, of −factor·(one + sign·p)^γ·log p. */
function slopeOf({ factor, one, sign, gamma }: Focus, p: number): number {
  const weight = factor * (one + sign * p) ** gamma;
  // At 1 its logarithm is 0, and what it is divided by may be too.
  if (p === 1) return -weight;
  return (-sign * gamma * weight * p * Math.log(Math.max(p, FLT_MIN))) / (1 + sign * p) - weight;
}

/** The smallest normal float: what the log loss takes a probability of 0 for. */
const FLT_MIN = 1.1754943508222875e-38;
