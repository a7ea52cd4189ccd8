import { type Shape, shapeText } from "../../util/shape.ts";
import type { ParamField } from "../base/layer.ts";
import { RearrangedLayer, type Rearrangement } from "../base/rearranged.ts";

/**
 * Lays channels out as squares of `block_size` B: pixels of a larger image.
 *
 *     y(n, d, h·B + i, w·B + j) = x(n, (i·B + j)·D + d, h, w);  CRD: x(n, d·B² + i·B + j, h, w)
 *
 * - bottom[0] x: N×(B²·D)×H×W, or N×H×W×(B²·D); top[0]: N×D×(B·H)×(B·W), or N×(B·H)×(B·W)×D
 * - `depth_to_space_param`: block_size (required), data_format NHWC, NCHW, DCR (as NCHW) or CRD
 *
 * @see Shi et al., CVPR 2016; synopsys-caffe's DepthToSpaceLayer; the gradient is ours
 */
export class DepthToSpaceLayer extends RearrangedLayer {
  static override readonly type: string = "DepthToSpace";
  static override readonly paramFields: readonly ParamField[] = ["depth_to_space_param"];

  protected override arrange(shape: Shape): Rearrangement {
    const { block_size: b = 0, data_format: format = "NHWC" } =
      this.param.depth_to_space_param ?? {};
    const isLast = format === "NHWC";
    const depth = shape[isLast ? 3 : 1] ?? 0;
    if (b < 1 || shape.length !== 4 || depth % (b * b) !== 0) {
      this.fail(
        `depth_to_space_param.block_size is ${b}, bottom shape ${shapeText(shape)}. Expected images whose channels its square divides.`,
      );
    }
    if (!(isLast || ["NCHW", "DCR", "CRD"].includes(format))) {
      this.fail(`depth_to_space_param.data_format is ${format}. Expected NHWC, NCHW, DCR or CRD.`);
    }
    const d = depth / (b * b);
    const [n = 0, h = 0, w = 0] = isLast ? shape : [shape[0]!, shape[2]!, shape[3]!];
    if (isLast) {
      return {
        split: [n, h, w, b, b, d],
        order: [0, 1, 3, 2, 4, 5],
        shape: [n, h * b, w * b, d],
      };
    }
    const isByChannel = format === "CRD";
    return {
      split: isByChannel ? [n, d, b, b, h, w] : [n, b, b, d, h, w],
      order: isByChannel ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2],
      shape: [n, d, h * b, w * b],
    };
  }
}
