import { type Shape, shapeText } from "../../util/shape.ts";
import type { ParamField } from "../base/layer.ts";
import { PickedRowsLayer, type Picks } from "../base/picked-rows.ts";
import { reversedAxes } from "../base/reversed-axes.ts";

/**
 * Mirrors images: left and right, top and bottom, or both.
 *
 *     y(n, c, h, w) = x(n, c, h, W − 1 − w)
 *
 * - bottom[0] x: N×C×H×W; top[0] y: the same shape
 * - `flip_param`: flip_width true, flip_height false
 *
 * @see happynear/caffe-windows' FlipLayer
 */
export class FlipLayer extends PickedRowsLayer {
  static override readonly type: string = "Flip";
  static override readonly paramFields: readonly ParamField[] = ["flip_param"];

  protected override picksOf(shape: Shape): Picks {
    if (shape.length !== 4) {
      this.fail(`bottom has shape ${shapeText(shape)}. Expected four axes: N×C×H×W.`);
    }
    const { flip_width = true, flip_height = false } = this.param.flip_param ?? {};
    return reversedAxes(shape, [...(flip_height ? [2] : []), ...(flip_width ? [3] : [])]);
  }
}
