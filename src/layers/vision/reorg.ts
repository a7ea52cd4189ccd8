import type { FloatArray } from "../../util/arrays.ts";
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

  #shape: Shape | undefined;
  /** For every value of an image, its partner. */
  #partner: Int32Array = new Int32Array(0);

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
    this.#partner = partners(c, h, w, stride);
    this.#shape = x.shape;
  }

  override forward([x]: One, [y]: One): void {
    const [from, to] = [x.dataMem.cpu(), y.dataMem.overwriteCpu()];
    if (this.#isReverse) scatter(this.#partner, x.count(), from, to);
    else gather(this.#partner, x.count(), from, to);
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    if (!propagate) return;
    const [dy, dx] = [y.diffMem.cpu(), x.diffMem.overwriteCpu()];
    if (this.#isReverse) gather(this.#partner, x.count(), dy, dx);
    else scatter(this.#partner, x.count(), dy, dx);
  }
}

function partners(channels: number, height: number, width: number, stride: number): Int32Array {
  const planes = channels / (stride * stride);
  const indices = new Int32Array(channels * height * width);
  for (let c = 0, i = 0; c < channels; c++) {
    const offset = Math.floor(c / planes);
    for (let h = 0; h < height; h++) {
      const row = h * stride + Math.floor(offset / stride) + height * stride * (c % planes);
      for (let w = 0; w < width; w++) {
        indices[i++] = w * stride + (offset % stride) + width * stride * row;
      }
    }
  }
  return indices;
}

function gather(indices: Int32Array, count: number, from: FloatArray, to: FloatArray): void {
  const size = indices.length;
  for (let n = 0; n < count; n += size) {
    for (let i = 0; i < size; i++) to[n + i] = from[n + indices[i]!]!;
  }
}

function scatter(indices: Int32Array, count: number, from: FloatArray, to: FloatArray): void {
  const size = indices.length;
  for (let n = 0; n < count; n += size) {
    for (let i = 0; i < size; i++) to[n + indices[i]!] = from[n + i]!;
  }
}
