import { withDefaults } from "../../io/proto/messages.ts";
import type { ParamField } from "../base/layer.ts";
import { InsanityLayer } from "./insanity.ts";

/**
 * Insanity under another name: a randomised leaky rectifier.
 *
 *     TRAIN  y = max(x, 0) + min(x, 0) / a,  a uniform in [lb, ub);  TEST as Insanity
 *
 * - bottom[0], top[0]: any shape; in place is allowed
 * - `rrelu_param`: lb 5, ub 10, neither 0, lb below ub
 *
 * @see Xu et al., Empirical Evaluation of Rectified Activations, 2015; ducha-aiki/caffe's RReLULayer
 */
export class RReLULayer extends InsanityLayer {
  static override readonly type: string = "RReLU";
  static override readonly paramFields: readonly ParamField[] = ["rrelu_param"];

  protected override bounds(): {
    readonly field: string;
    readonly lb: number;
    readonly ub: number;
  } {
    const { lb, ub } = withDefaults("InsanityParameter", this.param.rrelu_param);
    return { field: "rrelu_param", lb, ub };
  }
}
