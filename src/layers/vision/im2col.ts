import type { Blob } from "../../blob/blob.ts";
import type { CopyOp, Primitive } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { countOf, type Shape, sameShape } from "../../util/shape.ts";
import { convolvedLengths, describeConvolution, windowOf } from "../base/convolution-geometry.ts";
import { type CoordMapOf, windowMap } from "../base/coord-map.ts";
import { Layer, type LayerRole, type One, type ParamField } from "../base/layer.ts";

/**
 * Unfolds the windows of a convolution into columns.
 *
 *     y(n, (c, k…), p…) = x(n, c, p·stride − pad + k·dilation), 0 in the padding
 *
 * - bottom[0]: N×C×i…; top[0]: N×(C·k…)×o…
 * - `convolution_param`: kernel_size, stride, pad, dilation and axis, as for Convolution
 *
 * @see Caffe's Im2colLayer
 */
export class Im2colLayer extends Layer<One, One> {
  static override readonly type: string = "Im2col";
  static override readonly paramFields: readonly ParamField[] = ["convolution_param"];
  static override readonly needs: readonly Primitive[] = ["im2col"];
  static override readonly role: LayerRole = "window";
  static override readonly coordMap: CoordMapOf = ({ convolution_param: param }) =>
    windowMap("convolution_param", param, param?.axis);

  #shape: Shape | undefined;
  #op!: CopyOp;

  override reshape([x]: One, [y]: One): void {
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    this.#shape = undefined;
    this.#makeOp(x, y);
    this.#shape = x.shape;
  }

  #makeOp(x: Blob, y: Blob): void {
    const { shape } = x;
    const fail = (message: string): never => this.fail(message);
    const { axis: given } = withDefaults("ConvolutionParameter", this.param.convolution_param);
    const axis = this.named(() => x.axis(given));
    const window = windowOf(this.param.convolution_param, axis, shape.length, fail);
    const output = convolvedLengths(window, shape, fail);
    const columns = shape[axis]! * countOf(window.kernel);
    // The top comes first: one that is larger than a blob may be is told of before an engine lists its windows.
    y.reshape([...shape.slice(0, axis), columns, ...output]);
    this.#op = this.engine.im2col(
      describeConvolution(window, {
        batch: countOf(shape, 0, axis),
        groups: 1,
        inputChannels: shape[axis]!,
        outputChannels: 1,
        input: shape.slice(axis + 1),
        output,
        hasBias: false,
      }),
    );
  }

  override forward([x]: One, [y]: One): void {
    this.#op.forward(x.dataMem, y.dataMem);
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    if (propagate) this.#op.backward(y.diffMem, x.diffMem);
  }
}
