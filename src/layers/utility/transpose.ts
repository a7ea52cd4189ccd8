import type { One, ParamField } from "../base/layer.ts";
import { PermuteLayer } from "./permute.ts";

/**
 * Puts the axes into another order, all of which are named: (N, C, H, W) → (W, H, N, C) by dim 3, 2, 0, 1.
 *
 *     y(i_dim[0], i_dim[1], …) = x(i_0, i_1, …)
 *
 * - bottom[0]: any shape of one axis or more; top[0]: the same axes, as `dim` has them
 * - `transpose_param`: dim, each axis once
 *
 * @see tianzhi0549/caffe's TransposeLayer (CTPN)
 */
export class TransposeLayer extends PermuteLayer {
  static override readonly type: string = "Transpose";
  static override readonly paramFields: readonly ParamField[] = ["transpose_param"];

  protected override given(): { readonly field: string; readonly order: readonly number[] } {
    return { field: "transpose_param.dim", order: this.param.transpose_param?.dim ?? [] };
  }

  override setUp(bottom: One): void {
    const { field, order } = this.given();
    const axes = bottom[0].shape.length;
    if (order.length !== axes) {
      this.fail(`${field} names ${order.length} axes. Expected ${axes}, all of the bottom's.`);
    }
    super.setUp(bottom);
  }
}
