import type { Primitive } from "../engines/engine.ts";
import { shapeText } from "../util/shape.ts";
import type { One, Two } from "./base/layer.ts";
import { LossLayer } from "./base/loss.ts";

/** Probabilities count as at least this. */
const LEAST = 1e-20;

/**
 * The log loss of given probabilities; SoftmaxWithLoss computes them itself, and more exactly.
 *
 *     E = −1/N · Σ log p(label)        ∂E/∂p(label) = −1 / (N · p(label)), 0 for the others
 *
 * - bottom[0] p: N×C×…, each sample adds up to 1; bottom[1]: N labels. top[0]: a scalar
 *
 * @see Caffe's MultinomialLogisticLossLayer
 */
export class MultinomialLogisticLossLayer extends LossLayer<Two, One> {
  static override readonly type: string = "MultinomialLogisticLoss";
  static override readonly needs: readonly Primitive[] = ["host"];

  override reshape([p, label]: Two, [loss]: One): void {
    if (label.count() !== (p.shape[0] ?? 1)) {
      this.fail(
        `bottoms of shapes ${shapeText(p.shape)} and ${shapeText(label.shape)}. Expected one label for each of ${p.shape[0]} samples.`,
      );
    }
    loss.reshape([]);
  }

  override forward([p, label]: Two, [loss]: One): void {
    const [probs, labels] = [p.data.cpu(), label.data.cpu()];
    const [n, c] = [p.shape[0] ?? 1, p.count(1)];
    let sum = 0;
    for (let i = 0; i < n; i++) {
      sum -= Math.log(Math.max(probs[i * c + this.#labelOf(labels[i]!, c)]!, LEAST));
    }
    loss.data.overwriteCpu()[0] = sum / n;
  }

  override backward([loss]: One, propagateDown: readonly boolean[], [p, label]: Two): void {
    this.refuseLabelGradient(propagateDown);
    if (!propagateDown[0]) return;
    const [probs, labels, dp] = [p.data.cpu(), label.data.cpu(), p.diff.overwriteCpu()];
    const [n, c] = [p.shape[0] ?? 1, p.count(1)];
    const scale = -loss.diff.cpu()[0]! / n;
    dp.fill(0, 0, p.count());
    for (let i = 0; i < n; i++) {
      const at = i * c + this.#labelOf(labels[i]!, c);
      dp[at] = scale / Math.max(probs[at]!, LEAST);
    }
  }

  #labelOf(value: number, classes: number): number {
    const label = Math.trunc(value);
    if (!(label >= 0 && label < classes))
      this.fail(`label ${value}. Expected 0 to ${classes - 1}.`);
    return label;
  }
}
