import type { EltwiseOp, Primitive } from "../../engines/engine.ts";
import { type Shape, sameShape } from "../../util/shape.ts";
import type { ByteRoleOf } from "../base/byte-role.ts";
import { type CoordMapOf, unmoved } from "../base/coord-map.ts";
import { arity, type Blobs, Layer, type One } from "../base/layer.ts";

/**
 * One blob under several names, so that each reader has a gradient of its own; the Net puts it in where needed.
 *
 *     yᵢ = x        ∂E/∂x = Σ ∂E/∂yᵢ
 *
 * - bottom[0] x: any shape; tops: one or more of that shape, in the bottom's memory
 *
 * @see Caffe's SplitLayer
 */
export class SplitLayer extends Layer<One, Blobs> {
  static override readonly type: string = "Split";
  static override readonly isSteady: boolean = true;
  static override readonly needs: readonly Primitive[] = ["eltwise", "copy"];
  static override readonly mayBe16Bits: boolean | "as its bottom" = "as its bottom";
  static override readonly byteRole: ByteRoleOf = () => "passed";
  static override readonly tops = arity.oneOrMore;
  static override readonly coordMap: CoordMapOf = unmoved;

  #shape: Shape | undefined;
  #sum!: EltwiseOp;

  override reshape([x]: One, top: Blobs): void {
    for (const y of top) {
      y.reshapeLike(x);
      y.shareData(x);
    }
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    this.#shape = x.shape;
    this.#sum = this.engine.eltwise({
      shape: x.shape,
      operation: "SUM",
      coeffs: top.map(() => 1),
      stableProdGrad: true,
    });
  }

  override forward([x]: One, top: Blobs): void {
    for (const y of top) y.shareData(x);
  }

  override backward(top: Blobs, [propagate]: readonly boolean[], [x]: One): void {
    if (!propagate) return;
    if (top.length === 1) this.engine.copy(x.count(), top[0]!.diffMem, x.diffMem);
    else
      this.#sum.forward(
        top.map((y) => y.diffMem),
        x.diffMem,
      );
  }
}
