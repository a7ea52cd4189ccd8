import { SeLULayer } from "./selu.ts";

/**
 * SeLU as others write it.
 *
 *     y = λ·x where x > 0, else λ·α·(eˣ − 1)
 *
 * - bottom, top and `selu_param` as of SeLU
 *
 * @see Klambauer et al., Self-Normalizing Neural Networks, NIPS 2017; soeaver/caffe-model's nets
 */
export class ScaledExponentialLayer extends SeLULayer {
  static override readonly type: string = "SeLu";
}
