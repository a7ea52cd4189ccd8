import { ConvolutionLayer } from "./convolution.ts";

/**
 * A Convolution under the name that forks gave a faster form for `group` = channels; here every convolution has it.
 *
 * - bottoms, tops, blobs and `convolution_param`: as of Convolution
 *
 * @see Howard et al., MobileNets, 2017; MobileNet-YOLO's DepthwiseConvolutionLayer
 */
export class DepthwiseConvolutionLayer extends ConvolutionLayer {
  static override readonly type: string = "DepthwiseConvolution";
  static override readonly isSteady: boolean = true;
}
