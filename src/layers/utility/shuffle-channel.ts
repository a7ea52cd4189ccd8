import { Blob } from "../../blob/blob.ts";
import type { GatherOp, Primitive } from "../../engines/engine.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import { type CoordMapOf, unmoved } from "../base/coord-map.ts";
import { Layer, type One, type ParamField } from "../base/layer.ts";

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
export class ShuffleChannelLayer extends Layer<One, One> {
  static override readonly type: string = "ShuffleChannel";
  static override readonly paramFields: readonly ParamField[] = ["shuffle_channel_param"];
  static override readonly needs: readonly Primitive[] = ["gather"];
  static override readonly coordMap: CoordMapOf = unmoved;

  #shape: Shape | undefined;
  #from!: Blob;
  #op!: GatherOp;

  override setUp(): void {
    this.#from = new Blob([0], this.context.dtype);
  }

  override reshape([x]: One, [y]: One): void {
    y.reshape(x.shape);
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    const groups = this.param.shuffle_channel_param?.group ?? 1;
    const [batch = 1, channels = 0] = x.shape;
    if (x.shape.length < 2 || groups < 1 || channels % groups !== 0) {
      this.fail(
        `shuffle_channel_param.group is ${groups}, bottom shape ${shapeText(x.shape)}. Expected a divisor of the channels, N×C×….`,
      );
    }
    const rows = batch * channels;
    this.#from.reshape([rows]);
    const from = this.#from.dataMem.overwriteCpu();
    const each = channels / groups;
    for (let row = 0; row < rows; row++) {
      const channel = row % channels;
      from[row] = row - channel + (channel % groups) * each + Math.floor(channel / groups);
    }
    this.#op = this.engine.gather({ rows, size: x.count(2), picks: rows });
    this.#shape = x.shape;
  }

  override forward([x]: One, [y]: One): void {
    this.#op.forward(x.dataMem, this.#from.dataMem, y.dataMem);
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    if (!propagate) return;
    x.diffMem.zero();
    this.#op.backward(y.diffMem, this.#from.dataMem, x.diffMem);
  }
}
