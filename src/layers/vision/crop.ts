import type { CopyOp, Primitive } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import type { CoordMapOf } from "../base/coord-map.ts";
import {
  arity,
  Layer,
  type LayerRole,
  type One,
  type ParamField,
  type Two,
} from "../base/layer.ts";

/**
 * Cuts bottom[0] down to the size of bottom[1], from an axis on.
 *
 *     y(p) = x(p + offset)        ∂E/∂x = ∂E/∂y within the cut, 0 outside
 *
 * - bottom[0]: the data; bottom[1]: only its shape counts, and it has no gradient
 * - top[0]: bottom[0]'s axes before `axis`, then bottom[1]'s
 * - `crop_param`: axis 2; offset 0, one for all axes, or one for each from `axis` on. With align true both are found, when
 *   the net is built, from the layers through which the bottoms come from one blob, always by the first bottom: the offset at
 *   which the bottoms' places are the same. `layers { type: CROP }` of FCN's first files means that
 *
 * @see Caffe's CropLayer
 */
export class CropLayer extends Layer<Two, One> {
  static override readonly type: string = "Crop";
  static override readonly paramFields: readonly ParamField[] = ["crop_param"];
  static override readonly needs: readonly Primitive[] = ["crop"];
  static override readonly bottoms = arity.two;
  static override readonly role: LayerRole = "window";
  static override readonly coordMap: CoordMapOf = ({ crop_param }, bottomIndex) => {
    if (bottomIndex > 0) return undefined;
    const { axis, offset } = withDefaults("CropParameter", crop_param);
    const shift = offset.length > 0 ? offset.map((value) => -value) : [0];
    return { axis: axis - 1, scale: [1], shift };
  };

  #shapes: readonly Shape[] = [];
  #op!: CopyOp;

  override reshape([x, like]: Two, [y]: One): void {
    const [whole = [], limit = []] = this.#shapes;
    if (this.#shapes.length > 0 && sameShape(x.shape, whole) && sameShape(like.shape, limit))
      return;
    const { axis, offset } = withDefaults("CropParameter", this.param.crop_param);
    const from = this.named(() => x.axis(axis));
    const cropped = x.shape.length - from;
    if (offset.length > 1 && offset.length !== cropped) {
      this.fail(
        `crop_param.offset is given ${offset.length} times. number of offset values specified must be equal to the number of dimensions following axis: ${cropped}.`,
      );
    }
    if (like.shape.length < x.shape.length) {
      this.fail(
        `bottom 1 has shape ${shapeText(like.shape)}. Expected ${x.shape.length} axes, as bottom 0 of shape ${shapeText(x.shape)}.`,
      );
    }
    const offsets = x.shape.map((_, a) =>
      a < from ? 0 : (offset[offset.length > 1 ? a - from : 0] ?? 0),
    );
    const shape = x.shape.map((length, a) => {
      if (a < from) return length;
      const size = like.shape[a] ?? 1;
      if ((offsets[a] ?? 0) + size > length) {
        this.fail(
          `the crop for dimension ${a} is out-of-bounds with size ${size} and offset ${offsets[a]}: bottom shape ${shapeText(x.shape)}.`,
        );
      }
      return size;
    });
    y.reshape(shape);
    this.#shapes = [x.shape, like.shape];
    this.#op = this.engine.crop({ shape: x.shape, offset: offsets, size: shape });
  }

  override forward([x]: Two, [y]: One): void {
    this.#op.forward(x.dataMem, y.dataMem);
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: Two): void {
    if (propagate) this.#op.backward(y.diffMem, x.diffMem);
  }

  override allowForceBackward(bottomIndex: number): boolean {
    return bottomIndex === 0;
  }
}
