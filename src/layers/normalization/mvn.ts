import type { MVNOp, Primitive } from "../../engines/engine.ts";
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

/**
 * Mean and variance normalisation of each sample by itself.
 *
 *     y     = (x − mean) / (σ + ε)
 *     ∂E/∂x = (d − mean(d) − y · mean(d · y)) / (σ + ε),  d = ∂E/∂y
 *
 * Over each channel of each sample, or over all of its channels. Without `normalize_variance` nothing is divided.
 *
 * As Caffe's, the gradient is that of an ε which is small beside σ.
 *
 * - bottom[0]: N×C×H×W (or fewer axes); top[0]: N×C×H×W
 * - `mvn_param`: normalize_variance true, across_channels false, eps ε 1e-9 (added to σ, not to σ²)
 *
 * @see Caffe's MVNLayer
 */
export class MVNLayer extends Layer<One, One> {
  static override readonly type: string = "MVN";
  static override readonly paramFields: readonly ParamField[] = ["mvn_param"];
  static override readonly needs: readonly Primitive[] = ["mvn"];
  static override readonly allowsInPlace: boolean = true;
  static override readonly role: LayerRole = "normalization";
  static override readonly coordMap: CoordMapOf = unmoved;

  #shape: Shape | undefined;
  #op!: MVNOp;

  override reshape([x]: One, [y]: One): void {
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    const { across_channels, normalize_variance, eps } = withDefaults(
      "MVNParameter",
      this.param.mvn_param,
    );
    const [n, c, h, w] = this.named(
      () => [x.legacyAxis(0), x.legacyAxis(1), x.legacyAxis(2), x.legacyAxis(3)] as const,
    );
    if (x !== y) y.reshape([n, c, h, w]);
    const rows = across_channels ? n : n * c;
    const size = rows === 0 ? 0 : x.count() / rows;
    this.#op = this.engine.mvn({ rows, size, normalizeVariance: normalize_variance, eps });
    this.#shape = x.shape;
  }

  override forward([x]: One, [y]: One): void {
    this.#op.forward(x.dataMem, y.dataMem);
  }

  override backwardReadsTop(): BackwardReads {
    return (this.param.mvn_param?.normalize_variance ?? true) ? "present" : "nothing";
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    if (propagate) this.#op.backward(y.dataMem, y.diffMem, x.diffMem);
  }
}
