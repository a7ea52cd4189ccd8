import type { Blob } from "../../blob/blob.ts";
import type { EltwiseOp, PostOps, Primitive } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import { broadcast } from "../base/broadcast.ts";
import type { ByteRoleOf } from "../base/byte-role.ts";
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
import { Stretched } from "../base/stretched.ts";

/**
 * Combines two or more blobs of one shape element by element.
 *
 *     SUM   y = Σ coeffᵢ · xᵢ     PROD  y = Π xᵢ     MAX  y = max xᵢ
 *     SUM   ∂E/∂xᵢ = coeffᵢ · ∂E/∂y
 *     PROD  ∂E/∂xᵢ = ∂E/∂y · Π xⱼ over j ≠ i
 *     MAX   ∂E/∂xᵢ = ∂E/∂y where xᵢ is the greatest, else 0
 *
 * - bottoms: two or more of one shape; top[0]: that shape. Bottom 1 may be a smaller blob that lies over bottom 0 from
 *   `axis` on, and counts at all places (synopsys-caffe)
 * - `eltwise_param`: operation SUM; coeff (none or one per bottom) counts for SUM; stable_prod_grad true (multiply
 *   the other factors instead of dividing y by x); axis 0
 *
 * Of equal greatest values one takes the whole gradient: bottom 1 of bottoms 0 and 1, and else the first, as in Caffe.
 *
 * @see Caffe's EltwiseLayer
 */
export class EltwiseLayer extends Layer<Blobs, One> {
  static override readonly type: string = "Eltwise";
  static override readonly isSteady: boolean = true;
  static override readonly paramFields: readonly ParamField[] = ["eltwise_param"];
  static override readonly needs: readonly Primitive[] = ["eltwise", ...Stretched.needs];
  static override readonly mayBe16Bits: boolean = true;
  static override readonly byteRole: ByteRoleOf = ({ eltwise_param = {} }) => {
    const { operation = "SUM", coeff = [] } = eltwise_param;
    return operation === "SUM" && coeff.every((one) => one === 1) ? "sum" : "combination";
  };
  static override readonly bottoms = arity.twoOrMore;
  static override readonly coordMap: CoordMapOf = unmoved;

  override readonly fusion: LayerFusion = {
    accepts: (posts) => (this.#op.accepts?.(posts) ? "both" : "nothing"),
    forward: (bottom, [y], posts) => this.forward(bottom, [y!], posts),
    backward: ([y], propagateDown, bottom, posts) =>
      this.backward([y!], propagateDown, bottom, posts),
    addsBottoms: () => this.#addsBottoms,
  };

  #shape: Shape | undefined;
  #op!: EltwiseOp;
  /** Bottom 1, where it is smaller than the others. */
  #stretched: Stretched | undefined;
  #smaller: Shape | undefined;

  get #addsBottoms(): boolean {
    const { coeff, operation } = withDefaults("EltwiseParameter", this.param.eltwise_param);
    const isPlain = operation === "SUM" && coeff.every((factor) => factor === 1);
    return isPlain && this.#stretched === undefined;
  }

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
    const [{ shape }, { shape: second }] = bottom as readonly [Blob, Blob];
    const { axis } = withDefaults("EltwiseParameter", this.param.eltwise_param);
    const isSmaller = second.length < shape.length || axis !== 0;
    bottom.forEach((x, i) => {
      if (sameShape(x.shape, shape) || (i === 1 && isSmaller)) return;
      this.fail(
        `bottom ${i} has shape ${shapeText(x.shape)}. Expected ${shapeText(shape)}, as bottom 0.`,
      );
    });
    y.reshape(shape);
    const wasSmaller = this.#smaller ?? shape;
    if (this.#shape && sameShape(this.#shape, shape) && sameShape(wasSmaller, second)) return;
    this.#shape = undefined;
    this.#smaller = isSmaller ? second : undefined;
    this.#stretched = isSmaller ? this.#stretch(bottom[0]!, second, axis) : undefined;
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

  #stretch(x: Blob, smaller: Shape, axis: number): Stretched {
    const from = this.named(() => (x.shape.length === 0 ? 0 : x.axis(axis)));
    const over = broadcast(x.shape, smaller, from, (message) => this.fail(message));
    return new Stretched(this.engine, this.context.dtype, over);
  }

  /** The blobs that are combined: all of one shape. */
  #combined(bottom: Blobs): Blobs {
    const stretched = this.#stretched;
    return stretched ? bottom.map((x, i) => (i === 1 ? stretched.blob : x)) : bottom;
  }

  override forward(bottom: Blobs, [y]: One, posts?: PostOps): void {
    this.#stretched?.forward(bottom[1]!.dataMem);
    this.#op.forward(
      this.#combined(bottom).map((x) => x.dataMem),
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
    const combined = this.#combined(bottom);
    this.#op.backward(
      combined.map((x) => x.dataMem),
      y.dataMem,
      y.diffMem,
      combined.map((x, i) => (propagateDown[i] ? x.diffMem : undefined)),
      posts,
    );
    if (propagateDown[1]) this.#stretched?.backward(bottom[1]!.diffMem);
  }
}
