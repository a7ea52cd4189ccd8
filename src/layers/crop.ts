import type { Primitive } from "../engines/engine.ts";
import { withDefaults } from "../io/proto/messages.ts";
import type { FloatArray } from "../util/arrays.ts";
import { countOf, type Shape, shapeText } from "../util/shape.ts";
import { arity, Layer, type One, type Two } from "./base/layer.ts";

/**
 * Cuts bottom[0] down to the size of bottom[1], from an axis on.
 *
 *     y(p) = x(p + offset)        ∂E/∂x = ∂E/∂y within the cut, 0 outside
 *
 * - bottom[0]: the data; bottom[1]: only its shape counts, and it has no gradient
 * - top[0]: bottom[0]'s axes before `axis`, then bottom[1]'s
 * - `crop_param`: axis 2; offset 0, one for all axes, or one for each from `axis` on
 *
 * @see Caffe's CropLayer
 */
export class CropLayer extends Layer<Two, One> {
  static override readonly type: string = "Crop";
  static override readonly needs: readonly Primitive[] = ["host"];
  static override readonly bottoms = arity.two;

  #offsets: Shape = [];

  override reshape([x, like]: Two, [y]: One): void {
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
    this.#offsets = x.shape.map((_, a) =>
      a < from ? 0 : (offset[offset.length > 1 ? a - from : 0] ?? 0),
    );
    const shape = x.shape.map((length, a) => {
      if (a < from) return length;
      const size = like.shape[a] ?? 1;
      if ((this.#offsets[a] ?? 0) + size > length) {
        this.fail(
          `the crop for dimension ${a} is out-of-bounds with size ${size} and offset ${this.#offsets[a]}: bottom shape ${shapeText(x.shape)}.`,
        );
      }
      return size;
    });
    y.reshape(shape);
  }

  override forward([x]: Two, [y]: One): void {
    const [from, to] = [x.data.cpu(), y.data.overwriteCpu()];
    eachRow(x.shape, y.shape, this.#offsets, (inner, outer, length) => {
      copyRow(from, inner, to, outer, length);
    });
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: Two): void {
    if (!propagate) return;
    const [dy, dx] = [y.diff.cpu(), x.diff.overwriteCpu()];
    dx.fill(0, 0, x.count());
    eachRow(x.shape, y.shape, this.#offsets, (inner, outer, length) => {
      copyRow(dy, outer, dx, inner, length);
    });
  }

  override allowForceBackward(bottomIndex: number): boolean {
    return bottomIndex === 0;
  }
}

function copyRow(
  from: FloatArray,
  source: number,
  to: FloatArray,
  at: number,
  length: number,
): void {
  for (let i = 0; i < length; i++) to[at + i] = from[source + i]!;
}

/** Calls with the offset of each row of the cut in the whole and in the cut. */
function eachRow(
  whole: Shape,
  cut: Shape,
  offsets: Shape,
  visit: (inWhole: number, inCut: number, length: number) => void,
): void {
  const last = cut.length - 1;
  const length = cut[last] ?? 1;
  const rows = countOf(cut, 0, Math.max(0, last));
  for (let row = 0; row < rows; row++) {
    let at = offsets[last] ?? 0;
    let step = whole[last] ?? 1;
    for (let a = last - 1, rest = row; a >= 0; a--) {
      at += ((rest % cut[a]!) + offsets[a]!) * step;
      step *= whole[a]!;
      rest = Math.floor(rest / cut[a]!);
    }
    visit(at, row * length, length);
  }
}
