import { type Shape, shapeText } from "../../util/shape.ts";
import { type CoordMapOf, unmoved } from "../base/coord-map.ts";
import type { ParamField } from "../base/layer.ts";
import { PickedRowsLayer, type Picks } from "../base/picked-rows.ts";

/**
 * Deals the channels of groups out, one of each in turn: seen as (group, C/group), they become (C/group, group).
 *
 *     y(n, j·group + i) = x(n, i·C/group + j)
 *
 * - bottom[0] x: N×C×…; top[0] y: the same shape
 * - `shuffle_channel_param`: group 1, a divisor of C
 *
 * @see Zhang et al., ShuffleNet, CVPR 2018; farmingyard/ShuffleNet's ShuffleChannelLayer
 */
export class ShuffleChannelLayer extends PickedRowsLayer {
  static override readonly type: string = "ShuffleChannel";
  static override readonly paramFields: readonly ParamField[] = ["shuffle_channel_param"];
  static override readonly coordMap: CoordMapOf = unmoved;

  protected override picksOf(shape: Shape): Picks {
    const groups = this.param.shuffle_channel_param?.group ?? 1;
    const [batch = 1, channels = 0] = shape;
    if (shape.length < 2 || groups < 1 || channels % groups !== 0) {
      this.fail(
        `shuffle_channel_param.group is ${groups}, bottom shape ${shapeText(shape)}. Expected a divisor of the channels, N×C×….`,
      );
    }
    const each = channels / groups;
    return {
      rows: batch * channels,
      from(row) {
        const channel = row % channels;
        return row - channel + (channel % groups) * each + Math.floor(channel / groups);
      },
    };
  }
}
