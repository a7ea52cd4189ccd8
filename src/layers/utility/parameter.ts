import type { Primitive } from "../../engines/engine.ts";
import { arity, type LayerRole, type None, type One, type ParamField } from "../base/layer.ts";
import { LearnedLayer } from "../base/learned.ts";

/**
 * A learnable blob by itself, for other layers to read.
 *
 * - no bottom; top[0]: `parameter_param.shape`; blobs: that same memory, filled by `blob_filler`
 *   (caffe-windows), zero at first without one
 *
 * @see Caffe's ParameterLayer
 */
export class ParameterLayer extends LearnedLayer<None, One> {
  static override readonly type: string = "Parameter";
  static override readonly paramFields: readonly ParamField[] = ["parameter_param"];
  static override readonly needs: readonly Primitive[] = ["axpby"];
  static override readonly bottoms = arity.none;
  static override readonly role: LayerRole = "constant";

  override setUp(_bottom: None, [y]: One): void {
    const { shape: { dim: shape = [] } = {}, blob_filler: filler } =
      this.param.parameter_param ?? {};
    this.makeBlobs([{ shape, filler }]);
    y.reshape(shape);
  }

  override reshape(_bottom: None, [y]: One): void {
    y.reshapeLike(this.blobs[0]!);
  }

  override forward(_bottom: None, [y]: One): void {
    y.shareData(this.blobs[0]!);
  }

  override backward([y]: One): void {
    const [blob] = this.blobs;
    // Gradients of parameters add up over passes; that of the top is of this pass.
    if (this.paramPropagateDown[0]) this.engine.axpby(y.count(), 1, y.diffMem, 1, blob!.diffMem);
  }
}
