import type { PriorBoxParameter } from "../../io/proto/caffe.ts";
import type { ParamField } from "../base/layer.ts";
import { type BoxSize, PriorBoxesLayer } from "../base/prior-boxes.ts";

/**
 * The boxes that a detector's predictions start from, of sizes that were found by clustering those of a data set.
 *
 * Cell (h, w) has its middle at ((w + offset) · step_w, (h + offset) · step_h); all edges are divided by the image's size.
 *
 * - bottom[0]: a feature map, N×C×H×W; bottom[1]: the image, N×C×H'×W'; of both only the shape is read
 * - top[0]: 1×2×(H·W·P·4): P boxes `[xmin ymin xmax ymax]` for each cell; behind them their variances
 * - `prior_box_param`: width and height, P of each; clip false (edges within 0 to 1); variance 0.1, 1 or 4; img_size, or
 *   img_h and img_w (the size of bottom[1]); step, or step_h and step_w (image / map); offset 0.5
 *
 * @see PriorBoxClustered of opencv/training_toolbox_caffe
 */
export class PriorBoxClusteredLayer extends PriorBoxesLayer {
  static override readonly type: string = "PriorBoxClustered";
  static override readonly paramFields: readonly ParamField[] = ["prior_box_param"];

  protected override sizesOf(param: PriorBoxParameter): readonly BoxSize[] {
    const [width, height] = [Array.from(param.width ?? []), Array.from(param.height ?? [])];
    if (width.length === 0 || width.length !== height.length) {
      this.fail(
        `prior_box_param has ${width.length} width and ${height.length} height. Expected one or more, and as many of each.`,
      );
    }
    return width.map((size, i): BoxSize => {
      const other = height[i];
      this.expectPositive("width", size);
      this.expectPositive("height", other);
      return [size, other];
    });
  }
}
