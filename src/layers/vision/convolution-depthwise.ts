import type { ConvolutionParameter } from "../../io/proto/caffe.ts";
import { ConvolutionLayer } from "./convolution.ts";

/**
 * A convolution of each channel by itself.
 *
 *     y(n, c, p) = b(c) + Σ over k of W(c, k) · x(n, c, p·stride − pad + k·dilation)
 *
 * - bottoms, tops: as of Convolution, with as many channels in the top as in the bottom
 * - blobs: W C × 1 × k…; b C, unless `bias_term: false`
 * - `convolution_param`: as of Convolution, but `num_output` and `group` do not count: both are the bottom's channels
 *
 * @see Howard et al., MobileNets, 2017; farmingyard/caffe-mobilenet's ConvolutionDepthwiseLayer
 */
export class ConvolutionDepthwiseLayer extends ConvolutionLayer {
  static override readonly type: string = "ConvolutionDepthwise";
  static override readonly isSteady: boolean = true;

  protected override parameterFor(channels: number): ConvolutionParameter {
    return { ...this.param.convolution_param, num_output: channels, group: channels };
  }
}
