import type { CopyOp, Primitive } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { countOf, type Shape, sameShape, shapeText } from "../../util/shape.ts";
import { describeConvolution } from "../base/convolution-geometry.ts";
import type { One, ParamField } from "../base/layer.ts";
import { planesOf } from "../base/planes.ts";
import { ViewLayer } from "../base/view.ts";

/**
 * The same elements under another shape.
 *
 * - `reshape_param.shape`: dim 0 keeps the bottom's axis, one dim may be −1 and is inferred
 * - `axis` (default 0) and `num_axes` (default −1, to the end): which of the bottom's axes are replaced
 *
 * The top uses the bottom's memory.
 *
 * With `pixelshuffler` r the channels of a pixel become a square of pixels, and the other fields do not count:
 *
 *     y(n, c, h·r + i, w·r + j) = x(n, (c·r + i)·r + j, h, w)
 *
 * - bottom[0]: N×C×H×W; top[0]: N×C/r²×H·r×W·r
 *
 * @see Caffe's ReshapeLayer; Shi et al., CVPR 2016, and synopsys-caffe's ReshapeLayer
 */
export class ReshapeLayer extends ViewLayer {
  static override readonly type: string = "Reshape";
  static override readonly isSteady: boolean = true;
  static override readonly paramFields: readonly ParamField[] = ["reshape_param"];
  static override readonly needs: readonly Primitive[] = ["im2col"];

  /** From the top's squares to the bottom's channels: the windows of side r, side by side. */
  #windows: CopyOp | undefined;
  #shape: Shape | undefined;

  get #side(): number {
    return this.param.reshape_param?.pixelshuffler ?? 1;
  }

  override reshape(bottom: One, top: One): void {
    if (this.#side === 1) super.reshape(bottom, top);
    else this.#shuffle(bottom[0], top[0]);
  }

  #shuffle(x: One[0], y: One[0]): void {
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    const side = this.#side;
    const [n, c, h, w] = planesOf(x, (message) => this.fail(message));
    if (side < 1 || c % (side * side) !== 0) {
      this.fail(
        `reshape_param.pixelshuffler is ${side}, bottom shape ${shapeText(x.shape)}. Expected channels in groups of its square.`,
      );
    }
    const inputChannels = c / (side * side);
    const input = [h * side, w * side];
    const [square, steps] = [
      [side, side],
      [1, 1],
    ];
    const padding = { before: [0, 0], behind: [0, 0] };
    const window = { axis: 1, kernel: square, stride: square, padding, dilation: steps };
    y.reshape([n, inputChannels, ...input]);
    this.#windows = this.engine.im2col(
      describeConvolution(window, {
        batch: n,
        groups: 1,
        inputChannels,
        outputChannels: 1,
        input,
        output: [h, w],
        hasBias: false,
      }),
    );
    this.#shape = x.shape;
  }

  override forward(bottom: One, top: One): void {
    if (this.#windows) this.#windows.backward(bottom[0].dataMem, top[0].dataMem);
    else super.forward(bottom, top);
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    if (propagate) this.#windows?.forward(y.diffMem, x.diffMem);
  }

  protected override shapeOf(x: One[0]): Shape {
    const { axis, num_axes, shape } = withDefaults("ReshapeParameter", this.param.reshape_param);
    const dims = shape?.dim ?? [];
    const rank = x.shape.length;
    // An axis may be one behind the last, to add axes there; so −1 is that place.
    const from = axis >= 0 ? axis : rank + axis + 1;
    const to = num_axes === -1 ? rank : from + num_axes;
    if (from < 0 || from > rank || to < from || to > rank) {
      this.fail(
        `reshape_param.axis ${axis} and num_axes ${num_axes} do not lie within bottom shape ${shapeText(x.shape)}.`,
      );
    }
    const inferred = dims.filter((dim) => dim === -1).length;
    if (inferred > 1)
      this.fail(
        `reshape_param.shape ${shapeText(dims)} has ${inferred} dims of -1. new shape contains multiple -1 dims; expected one.`,
      );
    const middle = dims.map((dim, i) => {
      if (dim !== 0) return dim;
      if (from + i >= rank)
        this.fail(
          `reshape_param.shape ${shapeText(dims)}: dim ${i} is 0, and bottom shape ${shapeText(x.shape)} has no axis ${from + i} to copy.`,
        );
      return x.shape[from + i] ?? 1;
    });
    // Axes that are copied stand on both sides; without them a batch of no rows leaves a length to be found.
    const replaced = x.shape.slice(from, to).filter((_, i) => dims[i] !== 0);
    const given = middle.filter((dim, i) => dim !== -1 && (dims[i] !== 0 || from + i >= to));
    const rest = countOf(replaced) / countOf(given);
    const result = [
      ...x.shape.slice(0, from),
      ...middle.map((dim) => (dim === -1 && Number.isInteger(rest) ? rest : dim)),
      ...x.shape.slice(to),
    ];
    if (countOf(result) !== x.count()) {
      this.fail(
        `reshape_param.shape ${shapeText(dims)} gives ${shapeText(result)}. Output count must match input count: bottom shape ${shapeText(x.shape)}, ${x.count()} elements.`,
      );
    }
    return result;
  }
}
