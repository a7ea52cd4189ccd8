import type { Primitive } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import type { Arity, OneOrMore, Two } from "../base/layer.ts";
import { SoftmaxWithLossLayer } from "./softmax-with-loss.ts";

/** Caffe takes a probability as at least this. */
const LEAST_PROBABILITY = 1.17549435e-38;

/**
 * SoftmaxWithLoss with the loss of each region beside it, by which BoxAnnotatorOHEM chooses the hard ones.
 *
 *     E = −1/z · Σ log p(label),  p = softmax(x)
 *
 * z: the counted labels (VALID), all of them (FULL), the images (BATCH_SIZE), pre_fixed_normalizer (PRE_FIXED) or 1 (NONE);
 * at least 1. Nothing flows back from top[2].
 *
 * - bottom[0]: scores N×C×…, classes along `softmax_param.axis` (1); bottom[1]: one label for every other position
 * - top[0]: the loss, a scalar; top[1], optional: the probabilities; top[2], optional: −log p(label), in the labels' shape, 0
 *   where it is ignored
 * - `loss_param`: ignore_label (positions that do not count), normalization VALID, pre_fixed_normalizer 1
 *
 * @see SoftmaxWithLossOHEM of R-FCN
 */
export class SoftmaxWithLossOHEMLayer extends SoftmaxWithLossLayer {
  static override readonly type: string = "SoftmaxWithLossOHEM";
  static override readonly needs: readonly Primitive[] = ["softmaxLoss", "host"];
  static override readonly tops: Arity = { min: 1, max: 3 };

  override reshape(bottom: Two, top: OneOrMore): void {
    super.reshape(bottom, top);
    top[2]?.reshapeLike(bottom[1]);
  }

  override forward(bottom: Two, top: OneOrMore): void {
    super.forward(bottom, top);
    const [, prob, each] = top;
    if (!prob || !each) return;
    const [x, label] = bottom;
    const { axis } = withDefaults("SoftmaxParameter", this.param.softmax_param);
    const inner = x.count(x.axis(axis) + 1);
    const classes = x.shape[x.axis(axis)] ?? 1;
    const ignored = this.param.loss_param?.ignore_label;
    const [labels, probabilities] = [label.dataMem.cpu(), prob.dataMem.cpu()];
    const losses = each.dataMem.overwriteCpu();
    for (let i = 0; i < label.count(); i++) {
      const value = Math.trunc(labels[i]!);
      const at = (Math.floor(i / inner) * classes + value) * inner + (i % inner);
      const isCounted = value !== ignored;
      losses[i] = isCounted ? -Math.log(Math.max(probabilities[at]!, LEAST_PROBABILITY)) : 0;
    }
  }
}
