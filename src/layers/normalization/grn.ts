import type { Primitive, UnitLengthOp } from "../../engines/engine.ts";
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
  static override readonly needs: readonly Primitive[] = ["unitLength", "copy"];
  static override readonly role: LayerRole = "normalization";
  static override readonly coordMap: CoordMapOf = unmoved;

  #shape: Shape | undefined;
  #op!: UnitLengthOp;

  override reshape([x]: One, [y]: One): void {
    y.reshape(x.shape);
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    if (x.shape.length < 2) {
      this.fail(`bottom has shape ${shapeText(x.shape)}. Expected two axes or more: N×C×….`);
    }
    const eps = this.param.grn_param?.bias ?? 1e-7;
    this.#op = this.engine.unitLength({ shape: x.shape, eps });
    this.#shape = x.shape;
  }

  override forward([x]: One, [y]: One): void {
    this.#op.forward(x.dataMem, y.dataMem);
  }

  override backwardReadsBottom(): BackwardReads {
    return this.param.grn_param?.dummy_backward ? "nothing" : "kept";
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    if (!propagate) return;
    if (this.param.grn_param?.dummy_backward) {
      this.engine.copy(x.count(), y.diffMem, x.diffMem);
    } else {
      this.#op.backward(x.dataMem, y.diffMem, x.diffMem);
    }
  }
}
