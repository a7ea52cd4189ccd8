import type { LayerParameter } from "../../io/proto/caffe.ts";
import type { LayerContext, OneOrMore, ParamField } from "../base/layer.ts";
import { UpsampleLayer } from "./upsample.ts";

/**
 * Makes planes larger: each value becomes a square of `stride` × `stride`. Upsample under another name.
 *
 *     y(h, w) = x(⌊h/stride⌋, ⌊w/stride⌋)        ∂E/∂x = the sum of ∂E/∂y over its square
 *
 * - bottom[0] x: …×H×W; top[0]: …×(stride·H)×(stride·W)
 * - `upsample_darknet_param`: stride 1
 *
 * @see synopsys-caffe's UpsampleDarknetLayer
 */
export class UpsampleDarknetLayer extends UpsampleLayer {
  static override readonly type: string = "UpsampleDarknet";
  static override readonly paramFields: readonly ParamField[] = ["upsample_darknet_param"];

  constructor(param: LayerParameter, context: LayerContext) {
    const scale = param.upsample_darknet_param?.stride ?? 1;
    super({ ...param, upsample_param: { scale } }, context);
  }

  override setUp(bottom: OneOrMore): void {
    if (bottom.length > 1)
      this.fail(`${bottom.length} bottoms. Expected 1: Upsample takes a mask.`);
    super.setUp(bottom);
  }
}
