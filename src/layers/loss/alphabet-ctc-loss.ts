import type { CTCLossParameter } from "../../io/proto/caffe.ts";
import { shapeText } from "../../util/shape.ts";
import type { Arity, One, OneOrMore } from "../base/layer.ts";
import { CTCLossLayer } from "./ctc-loss.ts";

/**
 * CTCLoss as nets that read text have it, which tell the alphabet's size.
 *
 *     E = −1/z · Σ log p, as of CTCLoss
 *
 * - bottom[0] x: T×N×C scores; bottom[1]: labels N×L, in which blanks are filling; top[0]: the loss, a scalar
 * - `ctc_loss_param`: blank_label 0; alphabet_size and time_step, which must be C and T where they are written
 * - `loss_param`: normalization, as of CTCLoss
 *
 * @see xmfbit/warpctc-caffe's and yalecyu/crnn.caffe's CtcLossLayers
 */
export class AlphabetCtcLossLayer extends CTCLossLayer {
  static override readonly type: string = "CtcLoss";
  static override readonly bottoms: Arity = { min: 2, max: 2 };

  protected override blank({ blank_label, blank_index }: CTCLossParameter): number {
    return blank_label ?? blank_index ?? 0;
  }

  override reshape(bottom: OneOrMore, top: One): void {
    super.reshape(bottom, top);
    const [steps = 0, , classes = 0] = bottom[0].shape;
    const { alphabet_size = classes, time_step = steps } = this.param.ctc_loss_param ?? {};
    if (alphabet_size !== classes || time_step !== steps) {
      this.fail(
        `ctc_loss_param has alphabet_size ${alphabet_size} and time_step ${time_step}, bottom shape ${shapeText(bottom[0].shape)}. Expected ${classes} and ${steps}.`,
      );
    }
  }
}
