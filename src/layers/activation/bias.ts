import type { BiasOp, Primitive } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { type Shape, sameShape } from "../../util/shape.ts";
import { broadcast, vectorShape } from "../base/broadcast.ts";
import { type CoordMapOf, unmoved } from "../base/coord-map.ts";
import { arity, type LayerRole, type One, type OneOrMore, type ParamField } from "../base/layer.ts";
import { LearnedLayer } from "../base/learned.ts";

/**
 * Adds a vector stretched over the blob.
 *
 *     y = x + β
 *
 * - bottom[0] x: any shape; bottom[1], optional, takes the place of the learned β
 * - top[0]: shape of x, in place allowed
 * - blobs: β, covering `num_axes` axes (1; −1 to the end, 0 one value) from `axis` (1)
 * - `bias_param.filler`: default 0
 *
 * @see Caffe's BiasLayer
 */
export class BiasLayer extends LearnedLayer<OneOrMore, One> {
  static override readonly type: string = "Bias";
  static override readonly paramFields: readonly ParamField[] = ["bias_param"];
  static override readonly needs: readonly Primitive[] = ["bias", "copy"];
  static override readonly mayBe16Bits: boolean = true;
  static override readonly allowsInPlace: boolean = true;
  static override readonly bottoms = arity.oneOrTwo;
  static override readonly role: LayerRole = "normalization";
  static override readonly coordMap: CoordMapOf = unmoved;

  #axis = 0;
  /** Shapes that the op is made for; none fits before there is one. */
  #shape: Shape = [-1];
  #vector: Shape = [-1];
  #op!: BiasOp;

  override setUp([x, given]: OneOrMore): void {
    const param = withDefaults("BiasParameter", this.param.bias_param);
    const isScalar = given ? given.shape.length === 0 : param.num_axes === 0;
    this.#axis = isScalar ? 0 : this.named(() => x.axis(param.axis));
    if (given) return;
    const shape = vectorShape(x.shape, this.#axis, param.num_axes, (m) => this.fail(m));
    this.makeBlobs([{ shape, filler: param.filler }]);
  }

  override reshape([x, given]: OneOrMore, [y]: One): void {
    if (x !== y) y.reshapeLike(x);
    const vector = (given ?? this.blobs[0]!).shape;
    if (sameShape(x.shape, this.#shape) && sameShape(vector, this.#vector)) return;
    this.#shape = x.shape;
    this.#vector = vector;
    this.#op = this.engine.bias(broadcast(x.shape, vector, this.#axis, (m) => this.fail(m)));
  }

  override forward([x, given]: OneOrMore, [y]: One): void {
    this.#op.forward(x.dataMem, (given ?? this.blobs[0]!).dataMem, y.dataMem);
  }

  override backward([y]: One, propagateDown: readonly boolean[], [x, given]: OneOrMore): void {
    if (given && propagateDown[1]) {
      given.diffMem.zero();
      this.#op.backwardBias(y.diffMem, given.diffMem);
    } else if (!given && this.paramPropagateDown[0]) {
      this.#op.backwardBias(y.diffMem, this.blobs[0]!.diffMem);
    }
    if (propagateDown[0] && x !== y) this.engine.copy(x.count(), y.diffMem, x.diffMem);
  }
}
