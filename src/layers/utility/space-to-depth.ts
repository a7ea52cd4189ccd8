import { type Shape, shapeText } from "../../util/shape.ts";
import type { ParamField } from "../base/layer.ts";
import { RearrangedLayer, type Rearrangement } from "../base/rearranged.ts";

/**
 * Makes channels of squares of `block_size` B: what DepthToSpace undoes.
 *
 *     y(n, (i·B + j)·C + c, h, w) = x(n, c, h·B + i, w·B + j)
 *
 * - bottom[0] x: N×C×(B·H)×(B·W), or N×(B·H)×(B·W)×C; top[0]: N×(B²·C)×H×W, or N×H×W×(B²·C)
 * - `space_to_depth_param`: block_size (required), data_format NHWC or NCHW
 *
 * @see synopsys-caffe's SpaceToDepthLayer; the gradient is ours
 */
export class SpaceToDepthLayer extends RearrangedLayer {
  static override readonly type: string = "SpaceToDepth";
  static override readonly paramFields: readonly ParamField[] = ["space_to_depth_param"];

  protected override arrange(shape: Shape): Rearrangement {
    const { block_size: b = 0, data_format: format = "NHWC" } =
      this.param.space_to_depth_param ?? {};
    const isLast = format === "NHWC";
    const [rows = 0, columns = 0] = isLast ? shape.slice(1, 3) : shape.slice(2);
    if (b < 1 || shape.length !== 4 || rows % b !== 0 || columns % b !== 0) {
      this.fail(
        `space_to_depth_param.block_size is ${b}, bottom shape ${shapeText(shape)}. Expected images whose rows and columns it divides.`,
      );
    }
    if (!(isLast || format === "NCHW")) {
      this.fail(`space_to_depth_param.data_format is ${format}. Expected NHWC or NCHW.`);
    }
    const [n = 0, c = 0, h, w] = [shape[0], shape[isLast ? 3 : 1], rows / b, columns / b] as const;
    return isLast
      ? { split: [n, h, b, w, b, c], order: [0, 1, 3, 2, 4, 5], shape: [n, h, w, b * b * c] }
      : { split: [n, c, h, b, w, b], order: [0, 3, 5, 1, 2, 4], shape: [n, b * b * c, h, w] };
  }
}
