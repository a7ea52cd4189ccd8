import type { Primitive } from "../engines/engine.ts";
import { withDefaults } from "../io/proto/messages.ts";
import { shapeText } from "../util/shape.ts";
import { arity, Layer, type OneOrMore, type Two } from "./base/layer.ts";

/**
 * The share of positions whose label is among the `top_k` highest scores.
 *
 * A score equal to the label's counts against it, so a net whose outputs are all the same gets 0.
 *
 * - bottom[0]: scores N×C×…, classes along `axis`; bottom[1]: one label for every other position
 * - top[0]: the accuracy, a scalar; top[1], optional: accuracy of each class, (C)
 * - `accuracy_param`: top_k 1, axis 1, ignore_label
 *
 * @see Caffe's AccuracyLayer
 */
export class AccuracyLayer extends Layer<Two, OneOrMore> {
  static override readonly type: string = "Accuracy";
  static override readonly needs: readonly Primitive[] = ["host"];
  static override readonly bottoms = arity.two;
  static override readonly tops = arity.oneOrTwo;

  #outer = 0;
  #inner = 0;
  #classes = 0;

  override reshape([x, label]: Two, [accuracy, perClass]: OneOrMore): void {
    const { axis, top_k } = withDefaults("AccuracyParameter", this.param.accuracy_param);
    const at = this.named(() => x.axis(axis));
    this.#outer = x.count(0, at);
    this.#inner = x.count(at + 1);
    this.#classes = x.shape[at] ?? 1;
    if (top_k > this.#classes) {
      this.fail(`accuracy_param.top_k is ${top_k}. Expected at most the ${this.#classes} classes.`);
    }
    if (label.count() !== this.#outer * this.#inner) {
      this.fail(
        `${label.count()} labels, shape ${shapeText(label.shape)}, for scores of shape ${shapeText(x.shape)}. Number of labels must match number of predictions: expected ${this.#outer * this.#inner}.`,
      );
    }
    accuracy.reshape([]);
    perClass?.reshape([this.#classes]);
  }

  override forward([scores, labels]: Two, [accuracy, perClass]: OneOrMore): void {
    const { top_k, ignore_label } = withDefaults("AccuracyParameter", this.param.accuracy_param);
    const [x, label] = [scores.data.cpu(), labels.data.cpu()];
    const [classes, inner] = [this.#classes, this.#inner];
    const right = new Float64Array(classes);
    const seen = new Float64Array(classes);
    for (let o = 0; o < this.#outer; o++) {
      for (let i = 0; i < inner; i++) {
        const l = Math.trunc(label[o * inner + i]!);
        if (l === ignore_label) continue;
        if (l < 0 || l >= classes) {
          const sample = Math.floor((o * inner + i) / labels.count(1));
          this.failAt(
            sample,
            `label ${l} at position ${o * inner + i}. Expected 0 to ${classes - 1}.`,
          );
        }
        const from = o * classes * inner + i;
        const own = x[from + l * inner]!;
        let better = 0;
        for (let c = 0; c < classes && better < top_k; c++) {
          if (c !== l && x[from + c * inner]! >= own) better++;
        }
        seen[l]!++;
        if (better < top_k) right[l]!++;
      }
    }
    const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);
    const counted = sum(seen);
    accuracy.data.overwriteCpu()[0] = counted === 0 ? 0 : sum(right) / counted;
    const each = perClass?.data.overwriteCpu();
    for (let c = 0; c < classes && each; c++) each[c] = seen[c] ? right[c]! / seen[c]! : 0;
  }

  override backward(_top: OneOrMore, propagateDown: readonly boolean[]): void {
    if (propagateDown.some(Boolean))
      this.fail("Accuracy has no gradient. Expected it under no loss.");
  }

  override allowForceBackward(): boolean {
    return false;
  }
}
