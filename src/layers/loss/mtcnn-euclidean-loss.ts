import { shapeText } from "../../util/shape.ts";
import type { Blobs, One, ParamField } from "../base/layer.ts";
import { LossLayer } from "../base/loss.ts";

/**
 * Half the mean squared distance of two batches, without the samples of one label.
 *
 *     E     = 1/(2N) · Σ (a − b)²  over samples whose label is not ignored
 *     ∂E/∂a = (a − b) / N        ∂E/∂b = −(a − b) / N, and 0 for the others
 *
 * - bottom[0] a, bottom[1] b: N×…, equal counts; both get gradients. bottom[2]: N labels, with `ignore_label` alone
 * - top[0]: a scalar
 * - `loss_param`: ignore_label; without it there is no bottom[2], and all samples count
 *
 * @see the MTCNNEuclideanLossLayer of MTCNN's training forks, which leaves the loss with labels without its 1/N
 */
export class MTCNNEuclideanLossLayer extends LossLayer<Blobs, One> {
  static override readonly type: string = "MTCNNEuclideanLoss";
  static override readonly paramFields: readonly ParamField[] = ["loss_param"];
  static override readonly bottoms = { min: 2, max: 3 };
  static override readonly hostBottoms: readonly number[] = [0, 1, 2];

  override reshape(bottom: Blobs, [loss]: One): void {
    const [a, b, label] = bottom;
    const ignored = this.param.loss_param?.ignore_label;
    if ((ignored !== undefined) !== (label !== undefined)) {
      this.fail(
        `${bottom.length} bottoms, and ignore_label ${ignored ?? "is not given"}. Expected labels as a third bottom with loss_param.ignore_label, and two without.`,
      );
    }
    if (!a || !b || a.shape[0] !== b.shape[0] || a.count() !== b.count()) {
      this.fail(
        `bottoms of shapes ${shapeText(a?.shape ?? [])} and ${shapeText(b?.shape ?? [])}. Inputs must have the same dimension.`,
      );
    }
    if (label) this.checkLabelCount(label, a, a.shape[0] ?? 1);
    loss.reshape([]);
  }

  override forward(bottom: Blobs, [loss]: One): void {
    let sum = 0;
    this.#eachDifference(bottom, (difference) => {
      sum += difference * difference;
    });
    loss.dataMem.overwriteCpu()[0] = sum / (2 * (bottom[0]?.shape[0] ?? 1));
  }

  override backward([loss]: One, propagateDown: readonly boolean[], bottom: Blobs): void {
    if (propagateDown[2]) this.fail("Layer cannot backpropagate to label inputs.");
    const scale = loss.diffMem.cpu()[0]! / (bottom[0]?.shape[0] ?? 1);
    for (const [i, x] of bottom.slice(0, 2).entries()) {
      if (!propagateDown[i]) continue;
      const diff = x.diffMem.overwriteCpu().fill(0);
      const factor = i === 0 ? scale : -scale;
      this.#eachDifference(bottom, (difference, at) => {
        diff[at] = factor * difference;
      });
    }
  }

  override allowForceBackward(bottomIndex: number): boolean {
    return bottomIndex < 2;
  }

  /** Calls `visit` with a − b, and its place, of every sample that counts. */
  #eachDifference([a, b, label]: Blobs, visit: (difference: number, at: number) => void): void {
    if (!a || !b) return;
    const [x, y] = [a.dataMem.cpu(), b.dataMem.cpu()];
    const labels = label?.dataMem.cpu();
    const ignored = this.param.loss_param?.ignore_label;
    const [samples, size] = [a.shape[0] ?? 1, a.count(1)];
    for (let i = 0; i < samples; i++) {
      if (labels && labels[i] === ignored) continue;
      for (let at = i * size; at < (i + 1) * size; at++) visit(x[at]! - y[at]!, at);
    }
  }
}
