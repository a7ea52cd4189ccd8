import type { Blob } from "../../blob/blob.ts";
import type { Primitive, ScaleOp } from "../../engines/engine.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import { type CoordMapOf, unmoved } from "../base/coord-map.ts";
import { type BackwardReads, Layer, type One } from "../base/layer.ts";

type Three = readonly [Blob, Blob, Blob];

/**
 * A feature map, each channel of each image scaled by a number of its own, on top of another: α·x + y.
 *
 *     z     = a ∘ x + y
 *     ∂E/∂a = Σ over positions of x ∘ ∂E/∂z        ∂E/∂x = a ∘ ∂E/∂z        ∂E/∂y = ∂E/∂z
 *
 * - bottom[0] a: N×C or N×C×1×1; bottom[1] x, bottom[2] y: N×C×H×W; top[0] z: N×C×H×W
 *
 * @see Hu, Shen & Sun, Squeeze-and-Excitation Networks, CVPR 2018; SENet's AxpyLayer
 */
export class AxpyLayer extends Layer<Three, One> {
  static override readonly type: string = "Axpy";
  static override readonly needs: readonly Primitive[] = ["scale", "axpby", "copy"];
  static override readonly bottoms = { min: 3, max: 3 };
  static override readonly coordMap: CoordMapOf = unmoved;

  #shape: Shape | undefined;
  #scale!: ScaleOp;

  override reshape([a, x, y]: Three, [z]: One): void {
    const perChannel = x.shape.slice(0, 2);
    const fits = sameShape(
      [...a.shape.slice(0, 2), ...a.shape.slice(2).filter((n) => n !== 1)],
      perChannel,
    );
    if (x.shape.length < 2 || !fits || !sameShape(x.shape, y.shape)) {
      this.fail(
        `bottoms of shapes ${[a, x, y].map(({ shape }) => shapeText(shape)).join(", ")}. Expected (N,C) or (N,C,1,1), and two of one shape (N,C,H,W).`,
      );
    }
    z.reshape(x.shape);
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    this.#shape = x.shape;
    const [length, inner] = [x.count(0, 2), x.count(2)];
    this.#scale = this.engine.scale({ shape: x.shape, outer: 1, length, inner });
  }

  override forward([a, x, y]: Three, [z]: One): void {
    this.#scale.forward(x.dataMem, a.dataMem, undefined, z.dataMem);
    this.engine.axpby(x.count(), 1, y.dataMem, 1, z.dataMem);
  }

  override backwardReadsBottom(bottomIndex: number): BackwardReads {
    return bottomIndex === 2 ? "nothing" : "present";
  }

  override backward([z]: One, [toA, toX, toY]: readonly boolean[], [a, x, y]: Three): void {
    if (toA) {
      a.diffMem.zero();
      this.#scale.backwardParams(x.dataMem, z.diffMem, a.diffMem, undefined);
    }
    if (toX) this.#scale.backwardData(z.diffMem, a.dataMem, x.diffMem);
    if (toY) this.engine.copy(z.count(), z.diffMem, y.diffMem);
  }
}
