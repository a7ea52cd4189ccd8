import type { CopyOp, Primitive } from "../../engines/engine.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import { Layer, type LayerRole, type One, type ParamField } from "../base/layer.ts";

/**
 * Cuts as much off at the end of each axis as at its beginning.
 *
 *     y(i₁, i₂, …) = x(i₁ + c₁, i₂ + c₂, …)
 *
 * - bottom[0] x: any shape of one axis or more; top[0]: (S₁ − 2·c₁)×…
 * - `crop_center_param`: crop_size c, one number for each axis; something must be left
 *
 * @see lltcggie/caffe's CropCenterLayer (waifu2x)
 */
export class CropCenterLayer extends Layer<One, One> {
  static override readonly type: string = "CropCenter";
  static override readonly paramFields: readonly ParamField[] = ["crop_center_param"];
  static override readonly needs: readonly Primitive[] = ["crop"];
  static override readonly role: LayerRole = "window";

  #shape: Shape | undefined;
  #op!: CopyOp;

  override reshape([x]: One, [y]: One): void {
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    const offset = this.param.crop_center_param?.crop_size ?? [];
    const size = x.shape.map((length, axis) => length - 2 * (offset[axis] ?? 0));
    if (offset.length !== size.length || size.length === 0 || size.some((l) => l < 1)) {
      this.fail(
        `crop_center_param.crop_size is ${offset.join(", ")}, bottom shape ${shapeText(x.shape)}. Expected one number for each axis, of which twice as much is less than its length.`,
      );
    }
    y.reshape(size);
    this.#op = this.engine.crop({ shape: x.shape, offset, size });
    this.#shape = x.shape;
  }

  override forward([x]: One, [y]: One): void {
    this.#op.forward(x.dataMem, y.dataMem);
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    if (propagate) this.#op.backward(y.diffMem, x.diffMem);
  }
}
