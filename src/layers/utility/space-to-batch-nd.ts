import type { Primitive } from "../../engines/engine.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import { batchOf, SpaceAsBatch } from "../base/blocks.ts";
import { Layer, type One, type ParamField } from "../base/layer.ts";

/**
 * Deals places out to the batch, so that a convolution behind it meets every second (third, …) one: how TensorFlow dilates.
 *
 *     y((b₁, b₂, …, n), s₁, s₂, …) = x(n, s₁·B₁ + b₁ − p₁, s₂·B₂ + b₂ − p₂, …), 0 beyond the edges
 *
 * - bottom[0] x: N×S₁×S₂×…; top[0]: (N·B₁·B₂·…)×((p₁ + S₁ + q₁)/B₁)×…
 * - `space_to_batch_nd_param`: block_shape B, one number for each axis behind the first, of as many as there are; paddings p₁, q₁,
 *   p₂, q₂, …
 *
 * @see synopsys-caffe's SpaceToBatchNDLayer; the gradient is ours
 */
export class SpaceToBatchNDLayer extends Layer<One, One> {
  static override readonly type: string = "SpaceToBatchND";
  static override readonly paramFields: readonly ParamField[] = ["space_to_batch_nd_param"];
  static override readonly needs: readonly Primitive[] = ["crop", "permute"];

  #shape: Shape | undefined;
  #op!: SpaceAsBatch;

  override reshape([x]: One, [y]: One): void {
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    const { block_shape: block = [], paddings = [] } = this.param.space_to_batch_nd_param ?? {};
    const [before, after] = [0, 1].map((side) => block.map((_, i) => paddings[2 * i + side] ?? 0));
    const whole = x.shape.map((l, axis) => l + (before![axis - 1] ?? 0) + (after![axis - 1] ?? 0));
    if (
      paddings.length !== 2 * block.length ||
      x.shape.length <= block.length ||
      block.some((b, i) => b < 1 || whole[i + 1]! % b !== 0)
    ) {
      this.fail(
        `block_shape ${block.join(", ")} and paddings ${paddings.join(", ")} do not fit bottom shape ${shapeText(x.shape)}. Expected two paddings for each of block_shape, and padded lengths that it divides.`,
      );
    }
    y.reshape(batchOf(whole, block));
    this.#op = new SpaceAsBatch(this.engine, this.context.dtype, x.shape, block, before!, after!);
    this.#shape = x.shape;
  }

  override forward([x]: One, [y]: One): void {
    this.#op.toBatch(x.dataMem, y.dataMem);
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    if (propagate) this.#op.toSpace(y.diffMem, x.diffMem);
  }
}
