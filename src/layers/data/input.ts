import type { Primitive } from "../../engines/engine.ts";
import {
  arity,
  type Blobs,
  Layer,
  type LayerRole,
  type None,
  type ParamField,
} from "../base/layer.ts";

/**
 * A net's input: blobs that the user writes before forward.
 *
 * - tops: one or more; `input_param.shape`: none, one for all, or one for each
 * - transform_param: its mean_value, scale and resize_param say how pictures are prepared for it; the net itself does not, but
 *   `caffe detect`, `segment` and `classify` do
 *
 * @see Caffe's InputLayer
 */
export class InputLayer extends Layer<None, Blobs> {
  static override readonly type: string = "Input";
  static override readonly isSteady: boolean = true;
  static override readonly paramFields: readonly ParamField[] = ["input_param"];
  static override readonly needs: readonly Primitive[] = [];
  static override readonly bottoms = arity.none;
  static override readonly tops = arity.oneOrMore;
  static override readonly role: LayerRole = "input";

  override setUp(_bottom: None, top: Blobs): void {
    const shapes = this.param.input_param?.shape ?? [];
    if (shapes.length > 1 && shapes.length !== top.length) {
      this.fail(
        `input_param.shape is given ${shapes.length} times. Must specify 'shape' once, once per top blob, or not at all: ${top.length} tops.`,
      );
    }
    top.forEach((blob, i) => {
      const shape = shapes[shapes.length > 1 ? i : 0];
      if (shape) this.named(() => blob.reshape(shape.dim ?? []));
    });
  }

  override reshape(): void {}

  override forward(): void {}

  override backward(): void {}
}
