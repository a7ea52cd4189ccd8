import type { Primitive } from "../engines/engine.ts";
import { withDefaults } from "../io/proto/messages.ts";
import { shapeText } from "../util/shape.ts";
import type { One, Two } from "./base/layer.ts";
import { LossLayer } from "./base/loss.ts";

/**
 * One-against-all hinge loss.
 *
 *     E = 1/N · Σ max(0, 1 − s·x)ᵖ,  s = 1 for the labelled class and −1 for the others
 *
 * - bottom[0] x: scores N×C×…; bottom[1]: N labels. top[0]: a scalar
 * - `hinge_loss_param.norm`: L1 (p = 1, default) or L2 (p = 2)
 *
 * @see Caffe's HingeLossLayer
 */
export class HingeLossLayer extends LossLayer<Two, One> {
  static override readonly type: string = "HingeLoss";
  static override readonly needs: readonly Primitive[] = ["host"];

  override reshape([x, label]: Two, [loss]: One): void {
    if (label.count() !== (x.shape[0] ?? 1)) {
      this.fail(
        `bottoms of shapes ${shapeText(x.shape)} and ${shapeText(label.shape)}. Expected one label for each of ${x.shape[0]} samples.`,
      );
    }
    loss.reshape([]);
  }

  override forward([x, label]: Two, [loss]: One): void {
    const [values, labels] = [x.data.cpu(), label.data.cpu()];
    const [n, c] = [x.shape[0] ?? 1, x.count(1)];
    const isSquared = this.#isSquared;
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const right = this.#labelOf(labels[i]!, c);
      for (let k = 0; k < c; k++) {
        const gap = Math.max(0, 1 + (k === right ? -values[i * c + k]! : values[i * c + k]!));
        sum += isSquared ? gap * gap : gap;
      }
    }
    loss.data.overwriteCpu()[0] = sum / n;
  }

  override backward([loss]: One, propagateDown: readonly boolean[], [x, label]: Two): void {
    this.refuseLabelGradient(propagateDown);
    if (!propagateDown[0]) return;
    const [values, labels, dx] = [x.data.cpu(), label.data.cpu(), x.diff.overwriteCpu()];
    const [n, c] = [x.shape[0] ?? 1, x.count(1)];
    const scale = loss.diff.cpu()[0]! / n;
    const isSquared = this.#isSquared;
    for (let i = 0; i < n; i++) {
      const right = this.#labelOf(labels[i]!, c);
      for (let k = 0; k < c; k++) {
        const sign = k === right ? -1 : 1;
        const gap = Math.max(0, 1 + sign * values[i * c + k]!);
        dx[i * c + k] = sign * scale * (isSquared ? 2 * gap : Math.sign(gap));
      }
    }
  }

  get #isSquared(): boolean {
    return withDefaults("HingeLossParameter", this.param.hinge_loss_param).norm === "L2";
  }

  #labelOf(value: number, classes: number): number {
    const label = Math.trunc(value);
    if (!(label >= 0 && label < classes))
      this.fail(`label ${value}. Expected 0 to ${classes - 1}.`);
    return label;
  }
}
