import type { CopyOp, Primitive } from "../../engines/engine.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import { Layer, type LayerRole, type One, type ParamField } from "../base/layer.ts";
import { planesOf } from "../base/planes.ts";

/**
 * Trades height and width for channels, in darknet's order.
 *
 * An image's memory is seen as C/s² planes of (H·s)×(W·s). Value (c, h, w) of the image, of C channels, is paired with
 * value (c mod C/s², h·s + ⌊o/s⌋, w·s + o mod s) of those planes, o = ⌊c / (C/s²)⌋. So it is a plain space-to-depth only
 * where C is 1.
 *
 *     y(first of the pair) = x(second)        with `reverse` y(second) = x(first)
 *     ∂E/∂x likewise the other way round
 *
 * - bottom[0] x: N×C×H×W; C a multiple of s², H and W multiples of s unless `reverse`
 * - top[0] y: N×C·s²×H/s×W/s; with `reverse` N×C/s²×H·s×W·s
 * - `reorg_param`: stride s (required), reverse false
 *
 * @see Redmon & Farhadi, YOLO9000, CVPR 2017; MobileNet-YOLO's ReorgLayer, whose gradient is 0
 */
export class ReorgLayer extends Layer<One, One> {
  static override readonly type: string = "Reorg";
  static override readonly paramFields: readonly ParamField[] = ["reorg_param"];
  static override readonly role: LayerRole = "window";
  static override readonly needs: readonly Primitive[] = ["permute"];

  #shape: Shape | undefined;
  #op!: CopyOp;

  get #isReverse(): boolean {
    return this.param.reorg_param?.reverse ?? false;
  }

  override reshape([x]: One, [y]: One): void {
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    const stride = this.param.reorg_param?.stride ?? 0;
    if (stride < 1) this.fail(`reorg_param.stride is ${stride}. Expected 1 or more.`);
    const [n, c, h, w] = planesOf(x, (message) => this.fail(message));
    const area = stride * stride;
    if (c % area !== 0 || (!this.#isReverse && (h % stride !== 0 || w % stride !== 0))) {
      this.fail(
        `bottom has shape ${shapeText(x.shape)}. Expected channels in multiples of ${area}, and height and width of ${stride}, as reorg_param.stride ${stride} has it.`,
      );
    }
    y.reshape(
      this.#isReverse
        ? [n, c / area, h * stride, w * stride]
        : [n, c * area, h / stride, w / stride],
    );
    const planes = c / area;
    // Channel (o / s, o mod s, plane) of the image is the grid's place (row, o / s, column, o mod s) in that plane.
    this.#op = this.engine.permute(
      this.#isReverse
        ? { shape: [n, stride, stride, planes, h, w], order: [0, 3, 4, 1, 5, 2] }
        : { shape: [n, planes, h, stride, w, stride], order: [0, 3, 5, 1, 2, 4] },
    );
    this.#shape = x.shape;
  }

  override forward([x]: One, [y]: One): void {
    this.#op.forward(x.dataMem, y.dataMem);
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    if (propagate) this.#op.backward(y.diffMem, x.diffMem);
  }
}
