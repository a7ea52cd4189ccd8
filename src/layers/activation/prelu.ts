import type { PReLUOp, Primitive } from "../../engines/engine.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import { type CoordMapOf, unmoved } from "../base/coord-map.ts";
import { InPlaceInput } from "../base/in-place-input.ts";
import type { BackwardReads, LayerRole, One, ParamField } from "../base/layer.ts";
import { LearnedLayer } from "../base/learned.ts";

/**
 * A rectifier whose slope below zero is learned, one for each channel.
 *
 *     y(c)      = max(x, 0) + a(c) · min(x, 0)
 *     ∂E/∂x     = ∂E/∂y · (x > 0 ? 1 : a(c))
 *     ∂E/∂a(c)  = Σ ∂E/∂y · min(x, 0)
 *
 * - bottom[0] x: N×C×…, two axes or more; top[0] y: shape of x, or x itself
 * - blobs: a, C values; a single one with `channel_shared`
 * - `prelu_param`: filler (default 0.25), channel_shared false
 *
 * @see He, Zhang, Ren & Sun, ICCV 2015; Caffe's PReLULayer
 */
export class PReLULayer extends LearnedLayer<One, One> {
  static override readonly type: string = "PReLU";
  static override readonly paramFields: readonly ParamField[] = ["prelu_param"];
  static override readonly needs: readonly Primitive[] = ["prelu", "copy"];
  static override readonly mayBe16Bits: boolean = true;
  static override readonly allowsInPlace: boolean = true;
  static override readonly role: LayerRole = "activation";
  static override readonly coordMap: CoordMapOf = unmoved;

  #shape: Shape | undefined;
  #op!: PReLUOp;
  readonly #input: InPlaceInput = new InPlaceInput();

  override setUp([x]: One): void {
    if (x.shape.length < 2) {
      this.fail(
        `bottom has shape ${shapeText(x.shape)}. Number of axes of bottom blob must be >=2: N×C×….`,
      );
    }
    const { filler, channel_shared } = this.param.prelu_param ?? {};
    const shape = channel_shared ? [] : [x.shape[1] ?? 1];
    this.makeBlobs([{ shape, filler: filler ?? { type: "constant", value: 0.25 } }]);
  }

  override reshape([x]: One, [y]: One): void {
    if (x === y) this.#input.reshapeLike(x, this.context);
    else y.reshapeLike(x);
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    const length = this.blobs[0]!.count();
    if (length !== 1 && length !== x.shape[1]) {
      this.fail(
        `bottom has shape ${shapeText(x.shape)}. Expected ${length} channels, one for each slope.`,
      );
    }
    this.#shape = x.shape;
    this.#op = this.engine.prelu(
      length === 1
        ? { shape: x.shape, outer: 1, length: 1, inner: x.count() }
        : { shape: x.shape, outer: x.shape[0] ?? 1, length, inner: x.count(2) },
    );
  }

  override forward([x]: One, [y]: One): void {
    this.#input.keep(x, this.engine);
    this.#op.forward(x.dataMem, this.blobs[0]!.dataMem, y.dataMem);
  }

  override backwardReadsBottom(): BackwardReads {
    return this.#input.isKept ? "nothing" : "present";
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    const [slope] = this.blobs;
    const input = this.#input.of(x).dataMem;
    // The slope's gradient first: in place the bottom's overwrites the top's.
    if (this.paramPropagateDown[0]) this.#op.backwardSlope(input, y.diffMem, slope!.diffMem);
    if (propagate) this.#op.backwardData(input, slope!.dataMem, y.diffMem, x.diffMem);
  }
}
