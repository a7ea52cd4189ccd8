import { withDefaults } from "../../io/proto/messages.ts";
import type { Shape } from "../../util/shape.ts";
import type { One, ParamField } from "../base/layer.ts";
import { ViewLayer } from "../base/view.ts";

/**
 * Makes one axis of several: (N, C, H, W) → (N, C·H·W).
 *
 * - bottom[0]: any shape; top[0]: the axes from `axis` (default 1) to `end_axis` (default −1) multiplied together
 *
 * The top uses the bottom's memory.
 *
 * @see Caffe's FlattenLayer
 */
export class FlattenLayer extends ViewLayer {
  static override readonly type: string = "Flatten";
  static override readonly isSteady: boolean = true;
  static override readonly paramFields: readonly ParamField[] = ["flatten_param"];

  protected override shapeOf(x: One[0]): Shape {
    const { axis, end_axis } = withDefaults("FlattenParameter", this.param.flatten_param);
    const [from, to] = this.named(() => [x.axis(axis), x.axis(end_axis)] as const);
    if (to < from) this.fail(`flatten_param.end_axis ${end_axis} lies before axis ${axis}.`);
    return [...x.shape.slice(0, from), x.count(from, to + 1), ...x.shape.slice(to + 1)];
  }
}
