import type { LayerParameter } from "../../io/proto/caffe.ts";
import type { LayerContext, OneOrMore, ParamField } from "../base/layer.ts";
import { ScaleLayer } from "./scale.ts";

/**
 * A line for each channel: Scale with a bias, under another name.
 *
 *     y = x · slope(c) + bias(c)
 *
 * - bottom[0] x: N×C×…; top[0]: shape of x, in place allowed
 * - blobs: slope and bias, C numbers each, or one each with `channel_shared`
 * - `eltwise_affine_param`: slope_filler (constant 1.0001), bias_filler (constant 0.0001), channel_shared false
 *
 * @see ducha-aiki/caffe's EltwiseAffineLayer
 */
export class EltwiseAffineLayer extends ScaleLayer {
  static override readonly type: string = "EltwiseAffine";
  static override readonly paramFields: readonly ParamField[] = ["eltwise_affine_param"];

  constructor(param: LayerParameter, context: LayerContext) {
    const { slope_filler, bias_filler, channel_shared } = param.eltwise_affine_param ?? {};
    const scale_param = {
      filler: slope_filler ?? { type: "constant", value: 1.0001 },
      bias_filler: bias_filler ?? { type: "constant", value: 0.0001 },
      bias_term: true,
      num_axes: channel_shared ? 0 : 1,
    };
    super({ ...param, scale_param }, context);
  }

  override setUp(bottom: OneOrMore): void {
    if (bottom.length > 1) this.fail(`${bottom.length} bottoms. Expected 1: the slope is learned.`);
    super.setUp(bottom);
  }
}
