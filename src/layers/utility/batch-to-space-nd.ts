import type { Primitive } from "../../engines/engine.ts";
import { countOf, type Shape, sameShape, shapeText } from "../../util/shape.ts";
import { SpaceAsBatch } from "../base/blocks.ts";
import { Layer, type One, type ParamField } from "../base/layer.ts";

/**
 * Puts places that SpaceToBatchND dealt out side by side again, and cuts the edges off.
 *
 *     y(n, s₁·B₁ + b₁ − p₁, s₂·B₂ + b₂ − p₂, …) = x((b₁, b₂, …, n), s₁, s₂, …)
 *
 * - bottom[0] x: (N·B₁·B₂·…)×S₁×S₂×…; top[0]: N×(S₁·B₁ − p₁ − q₁)×…
 * - `batch_to_space_nd_param`: block_shape B, one number for each axis behind the first, of as many as there are; crops p₁, q₁,
 *   p₂, q₂, …
 *
 * @see synopsys-caffe's BatchToSpaceNDLayer; the gradient is ours
 */
export class BatchToSpaceNDLayer extends Layer<One, One> {
  static override readonly type: string = "BatchToSpaceND";
  static override readonly paramFields: readonly ParamField[] = ["batch_to_space_nd_param"];
  static override readonly needs: readonly Primitive[] = ["crop", "permute"];

  #shape: Shape | undefined;
  #op!: SpaceAsBatch;

  override reshape([x]: One, [y]: One): void {
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    const { block_shape: block = [], crops = [] } = this.param.batch_to_space_nd_param ?? {};
    const [before, after] = [0, 1].map((side) => block.map((_, i) => crops[2 * i + side] ?? 0));
    const [batch = 0] = x.shape;
    const space = x.shape.map((length, axis) =>
      axis === 0
        ? batch / countOf(block)
        : length * (block[axis - 1] ?? 1) - (before![axis - 1] ?? 0) - (after![axis - 1] ?? 0),
    );
    if (
      crops.length !== 2 * block.length ||
      x.shape.length <= block.length ||
      block.some((b) => b < 1) ||
      batch % countOf(block) !== 0 ||
      space.some((length) => length < 0)
    ) {
      this.fail(
        `block_shape ${block.join(", ")} and crops ${crops.join(", ")} do not fit bottom shape ${shapeText(x.shape)}. Expected two crops for each of block_shape, and a batch that its product divides.`,
      );
    }
    y.reshape(space);
    this.#op = new SpaceAsBatch(this.engine, this.context.dtype, space, block, before!, after!);
    this.#shape = x.shape;
  }

  override forward([x]: One, [y]: One): void {
    this.#op.toSpace(x.dataMem, y.dataMem);
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    if (propagate) this.#op.toBatch(y.diffMem, x.diffMem);
  }
}
