import { type Shape, shapeText } from "../../util/shape.ts";
import type { One, ParamField } from "../base/layer.ts";
import { ViewLayer } from "../base/view.ts";

/**
 * Leaves out axes of length 1: (N, 1, 1, C) → (N, C).
 *
 * - bottom[0]: any shape; top[0]: its axes without those of `squeeze_param.axis`, or without all of length 1 where none is named
 *
 * The top uses the bottom's memory.
 *
 * @see synopsys-caffe's SqueezeLayer
 */
export class SqueezeLayer extends ViewLayer {
  static override readonly type: string = "Squeeze";
  static override readonly paramFields: readonly ParamField[] = ["squeeze_param"];

  protected override shapeOf(x: One[0]): Shape {
    const given = this.param.squeeze_param?.axis ?? [];
    const axes = this.named(() => given.map((axis) => x.axis(axis)));
    for (const axis of axes) {
      if (x.shape[axis] !== 1) {
        this.fail(
          `squeeze_param.axis names axis ${axis} of bottom shape ${shapeText(x.shape)}. Expected an axis of length 1.`,
        );
      }
    }
    return x.shape.filter((length, axis) =>
      given.length === 0 ? length !== 1 : !axes.includes(axis),
    );
  }
}
