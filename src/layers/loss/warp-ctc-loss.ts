import type { CTCLossParameter } from "../../io/proto/caffe.ts";
import { CTCLossLayer } from "./ctc-loss.ts";

/**
 * CTCLoss under the name that it has where warp-ctc computes it.
 *
 *     E = −1/z · Σ log p, as of CTCLoss
 *
 * - bottoms, top and parameters as of CTCLoss, but for `ctc_loss_param.blank_index`, which is 0
 * - with indicators, and 0 for the blank, labels are told without it: label 0 is class 1
 *
 * @see Amodei et al., Deep Speech 2, ICML 2016; ChWick/caffe's and senlinuc/caffe_ocr's WarpCTCLossLayers
 */
export class WarpCTCLossLayer extends CTCLossLayer {
  static override readonly type: string = "WarpCTCLoss";

  protected override blank({ blank_index }: CTCLossParameter, bottoms: number): number {
    if (blank_index === undefined && bottoms > 2) {
      this.context.warn(
        "ctc_loss_param.blank_index is not written: class 0 is the blank. Forks differ; write 0 for this, or -1 for the last.",
      );
    }
    return blank_index ?? 0;
  }

  protected override labelOffset(blank: number): number {
    return blank === 0 ? 1 : 0;
  }
}
