import type { LRNOp, Primitive } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { type Shape, sameShape } from "../../util/shape.ts";
import { type CoordMapOf, unmoved } from "../base/coord-map.ts";
import {
  type BackwardReads,
  Layer,
  type LayerRole,
  type One,
  type ParamField,
} from "../base/layer.ts";
import { planesOf } from "../base/planes.ts";

/**
 * Local response normalisation: each value is divided by the energy around it.
 *
 *     y = x · (k + α/n · Σ x²)^−β
 *
 * The sum is over `local_size` neighbouring channels (ACROSS_CHANNELS, n = local_size) or over a square of
 * that side in the same channel (WITHIN_CHANNEL, n = local_size²).
 *
 * - bottom[0], top[0]: N×C×H×W
 * - `lrn_param`: local_size 5 (odd), alpha 1, beta 0.75, k 1, norm_region ACROSS_CHANNELS
 *
 * Caffe ignores k WITHIN_CHANNEL, and takes 1; here it holds in both regions.
 *
 * @see Krizhevsky, Sutskever & Hinton, NIPS 2012; Caffe's LRNLayer
 */
export class LRNLayer extends Layer<One, One> {
  static override readonly type: string = "LRN";
  static override readonly isSteady: boolean = true;
  static override readonly paramFields: readonly ParamField[] = ["lrn_param"];
  static override readonly needs: readonly Primitive[] = ["lrn"];
  static override readonly mayBe16Bits: boolean = true;
  static override readonly role: LayerRole = "normalization";
  static override readonly coordMap: CoordMapOf = unmoved;

  #shape: Shape | undefined;
  #op!: LRNOp;

  override setUp(): void {
    const { local_size } = withDefaults("LRNParameter", this.param.lrn_param);
    if (local_size % 2 !== 1) {
      this.fail(
        `lrn_param.local_size is ${local_size}. LRN only supports odd values for local_size.`,
      );
    }
  }

  override reshape([x]: One, [y]: One): void {
    const shape = planesOf(x, (message) => this.fail(message));
    y.reshapeLike(x);
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    const { local_size, alpha, beta, k, norm_region } = withDefaults(
      "LRNParameter",
      this.param.lrn_param,
    );
    this.#shape = x.shape;
    this.#op = this.engine.lrn({
      shape,
      localSize: local_size,
      alpha,
      beta,
      k,
      region: norm_region,
    });
  }

  override backwardReadsBottom(): BackwardReads {
    return "kept";
  }

  override backwardReadsTop(): BackwardReads {
    return "kept";
  }

  override forward([x]: One, [y]: One): void {
    this.#op.forward(x.dataMem, y.dataMem);
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    if (propagate) this.#op.backward(x.dataMem, y.dataMem, y.diffMem, x.diffMem);
  }
}
