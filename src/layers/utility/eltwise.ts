import type { EltwiseOp, PostOps, Primitive } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import { type CoordMapOf, unmoved } from "../base/coord-map.ts";
import {
  arity,
  type BackwardReads,
  type Blobs,
  Layer,
  type One,
  type ParamField,
} from "../base/layer.ts";
import type { LayerFusion } from "../base/layer-fusion.ts";

/**
 * Combines two or more blobs of one shape element by element.
 *
 *     SUM   y = Σ coeffᵢ · xᵢ     PROD  y = Π xᵢ     MAX  y = max xᵢ
 *     SUM   ∂E/∂xᵢ = coeffᵢ · ∂E/∂y
 *     PROD  ∂E/∂xᵢ = ∂E/∂y · Π xⱼ over j ≠ i
 *     MAX   ∂E/∂xᵢ = ∂E/∂y where xᵢ is the greatest, else 0
 *
 * - bottoms: two or more of one shape; top[0]: that shape
 * - `eltwise_param`: operation SUM; coeff (none or one per bottom) counts for SUM; stable_prod_grad true (multiply
 *   the other factors instead of dividing y by x)
 *
 * Of equal greatest values one takes the whole gradient: bottom 1 of bottoms 0 and 1, and else the first, as in Caffe.
 *
 * @see Caffe's EltwiseLayer
 */
export class EltwiseLayer extends Layer<Blobs, One> {
  static override readonly type: string = "Eltwise";
  static override readonly paramFields: readonly ParamField[] = ["eltwise_param"];
  static override readonly needs: readonly Primitive[] = ["eltwise"];
  static override readonly bottoms = arity.twoOrMore;
  static override readonly coordMap: CoordMapOf = unmoved;

  override readonly fusion: LayerFusion = {
    accepts: (posts) => (this.#op.accepts?.(posts) ? "both" : "nothing"),
    forward: (bottom, [y], posts) => this.forward(bottom, [y!], posts),
    backward: ([y], propagateDown, bottom, posts) =>
      this.backward([y!], propagateDown, bottom, posts),
  };

  #shape: Shape | undefined;
  #op!: EltwiseOp;

  override setUp(bottom: Blobs): void {
    const { coeff, operation } = withDefaults("EltwiseParameter", this.param.eltwise_param);
    if (coeff.length !== 0 && coeff.length !== bottom.length) {
      this.fail(
        `eltwise_param.coeff is given ${coeff.length} times. Eltwise Layer takes one coefficient per bottom blob: expected ${bottom.length}.`,
      );
    }
    if (coeff.length !== 0 && operation === "PROD") {
      this.fail(
        "eltwise_param.coeff is given. Eltwise layer only takes coefficients for summation.",
      );
    }
  }

  override reshape(bottom: Blobs, [y]: One): void {
    const shape = bottom[0]!.shape;
    bottom.forEach((x, i) => {
      if (!sameShape(x.shape, shape)) {
        this.fail(
          `bottom ${i} has shape ${shapeText(x.shape)}. Expected ${shapeText(shape)}, as bottom 0.`,
        );
      }
    });
    y.reshape(shape);
    if (this.#shape && sameShape(this.#shape, shape)) return;
    const { operation, coeff, stable_prod_grad } = withDefaults(
      "EltwiseParameter",
      this.param.eltwise_param,
    );
    this.#shape = shape;
    this.#op = this.engine.eltwise({
      shape,
      operation,
      coeffs: bottom.map((_, i) => coeff[i] ?? 1),
      stableProdGrad: stable_prod_grad,
    });
  }

  override forward(bottom: Blobs, [y]: One, posts?: PostOps): void {
    this.#op.forward(
      bottom.map((x) => x.dataMem),
      y.dataMem,
      posts,
    );
  }

  override backwardReadsBottom(): BackwardReads {
    return this.param.eltwise_param?.operation === "PROD" ? "present" : "nothing";
  }

  override backwardReadsTop(): BackwardReads {
    const { stable_prod_grad: divides = true } = this.param.eltwise_param ?? {};
    return divides ? "nothing" : this.backwardReadsBottom();
  }

  override backward(
    [y]: One,
    propagateDown: readonly boolean[],
    bottom: Blobs,
    posts?: PostOps,
  ): void {
    this.#op.backward(
      bottom.map((x) => x.dataMem),
      y.dataMem,
      y.diffMem,
      bottom.map((x, i) => (propagateDown[i] ? x.diffMem : undefined)),
      posts,
    );
  }
}
