import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import { type CoordMapOf, unmoved } from "../base/coord-map.ts";
import {
  type BackwardReads,
  Layer,
  type LayerRole,
  type One,
  type ParamField,
} from "../base/layer.ts";

/**
 * Gives the channels of every position the length 1: global response normalisation.
 *
 *     y     = x / √(Σ over channels of x² + bias)
 *     ∂E/∂x = (∂E/∂y − y·Σ over channels of y·∂E/∂y) / √(…), or ∂E/∂y with dummy_backward
 *
 * - bottom[0] x, top[0] y: N×C×…
 * - `grn_param`: bias 1e-7, dummy_backward false
 *
 * @see OpenCV's training_toolbox_caffe: GRNLayer
 */
export class GRNLayer extends Layer<One, One> {
  static override readonly type: string = "GRN";
  static override readonly paramFields: readonly ParamField[] = ["grn_param"];
  static override readonly role: LayerRole = "normalization";
  static override readonly coordMap: CoordMapOf = unmoved;

  #shape: Shape | undefined;
  /** 1/√(…) of every position. */
  #inverse: Float64Array = new Float64Array(0);

  override reshape([x]: One, [y]: One): void {
    y.reshape(x.shape);
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    if (x.shape.length < 2) {
      this.fail(`bottom has shape ${shapeText(x.shape)}. Expected two axes or more: N×C×….`);
    }
    this.#inverse = new Float64Array((x.shape[0] ?? 0) * x.count(2));
    this.#shape = x.shape;
  }

  override forward([x]: One, [y]: One): void {
    const [from, to] = [x.dataMem.cpu(), y.dataMem.overwriteCpu()];
    const bias = this.param.grn_param?.bias ?? 1e-7;
    const [inner, channels] = [x.count(2), x.shape[1] ?? 0];
    for (let i = 0; i < this.#inverse.length; i++) {
      const start = startOf(i, inner, channels);
      let sum = bias;
      for (let c = 0, at = start; c < channels; c++, at += inner) sum += from[at]! * from[at]!;
      const inverse = 1 / Math.sqrt(sum);
      for (let c = 0, at = start; c < channels; c++, at += inner) to[at] = from[at]! * inverse;
      this.#inverse[i] = inverse;
    }
  }

  override backwardReadsTop(): BackwardReads {
    return "kept";
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    if (!propagate) return;
    const [values, dy, dx] = [y.dataMem.cpu(), y.diffMem.cpu(), x.diffMem.overwriteCpu()];
    if (this.param.grn_param?.dummy_backward) {
      dx.set(dy.subarray(0, x.count()));
      return;
    }
    const [inner, channels] = [x.count(2), x.shape[1] ?? 0];
    for (let i = 0; i < this.#inverse.length; i++) {
      const start = startOf(i, inner, channels);
      let along = 0;
      for (let c = 0, at = start; c < channels; c++, at += inner) along += values[at]! * dy[at]!;
      for (let c = 0, at = start; c < channels; c++, at += inner) {
        dx[at] = (dy[at]! - values[at]! * along) * this.#inverse[i]!;
      }
    }
  }
}

/** Where the first channel of position i stands. */
function startOf(i: number, inner: number, channels: number): number {
  const image = Math.floor(i / inner);
  return image * channels * inner + (i - image * inner);
}
