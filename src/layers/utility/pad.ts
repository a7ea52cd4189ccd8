import { Blob } from "../../blob/blob.ts";
import type { CopyOp, Primitive } from "../../engines/engine.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import { Layer, type One, type ParamField } from "../base/layer.ts";

/**
 * Puts a margin around a blob.
 *
 *     y(i₁, i₂, …) = x(i₁ − p₁, i₂ − p₂, …), constant_values beyond x
 *
 * - bottom[0] x: any shape of one axis or more; top[0]: (p₁ + S₁ + q₁)×…
 * - `pad_param`: paddings p₁, q₁, p₂, q₂, … for every axis, constant_values 0
 *
 * @see synopsys-caffe's PadLayer; the gradient is ours
 */
export class PadLayer extends Layer<One, One> {
  static override readonly type: string = "Pad";
  static override readonly paramFields: readonly ParamField[] = ["pad_param"];
  static override readonly needs: readonly Primitive[] = ["crop", "axpby"];

  #shape: Shape | undefined;
  #op!: CopyOp;
  /** What is added: the constant around nothing. */
  #margin: Blob | undefined;

  override reshape([x]: One, [y]: One): void {
    const { paddings = [], constant_values: constant = 0 } = this.param.pad_param ?? {};
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    if (x.shape.length === 0 || paddings.length !== 2 * x.shape.length) {
      this.fail(
        `${paddings.length} paddings for bottom shape ${shapeText(x.shape)}. Expected two for each axis.`,
      );
    }
    const offset = x.shape.map((_, axis) => paddings[2 * axis]!);
    const shape = x.shape.map((length, axis) => length + offset[axis]! + paddings[2 * axis + 1]!);
    y.reshape(shape);
    this.#op = this.engine.crop({ shape, offset, size: x.shape });
    this.#shape = x.shape;
    if (constant === 0) return;
    this.#margin = new Blob(shape, this.context.dtype);
    const values = this.#margin.dataMem.overwriteCpu().fill(constant);
    const [count, axes] = [this.#margin.count(), shape.length];
    for (let i = 0; i < count; i++) {
      let [rest, isInside] = [i, true];
      for (let axis = axes - 1; axis >= 0; axis--) {
        const place = (rest % shape[axis]!) - offset[axis]!;
        isInside &&= place >= 0 && place < x.shape[axis]!;
        rest = Math.floor(rest / shape[axis]!);
      }
      if (isInside) values[i] = 0;
    }
  }

  override forward([x]: One, [y]: One): void {
    this.#op.backward(x.dataMem, y.dataMem);
    if (this.#margin) this.engine.axpby(y.count(), 1, this.#margin.dataMem, 1, y.dataMem);
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    if (propagate) this.#op.forward(y.diffMem, x.diffMem);
  }
}
