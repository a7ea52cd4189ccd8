import type { ConcatOp, Primitive } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import type { ByteRoleOf } from "../base/byte-role.ts";
import { type CoordMapOf, unmoved } from "../base/coord-map.ts";
import { arity, Layer, type One, type OneOrMore, type ParamField } from "../base/layer.ts";

/**
 * Joins its bottoms along an axis.
 *
 * - bottoms: equal shapes but for `axis`; top[0]: that axis is as long as all of theirs together
 * - `concat_param`: axis 1 (negative counts from the end), or the old concat_dim
 *
 * A single bottom is passed on without copying.
 *
 * @see Caffe's ConcatLayer
 */
export class ConcatLayer extends Layer<OneOrMore, One> {
  static override readonly type: string = "Concat";
  static override readonly isSteady: boolean = true;
  static override readonly paramFields: readonly ParamField[] = ["concat_param"];
  static override readonly needs: readonly Primitive[] = ["concat"];
  static override readonly mayBe16Bits: boolean = true;
  static override readonly byteRole: ByteRoleOf = () => "joined";
  static override readonly bottoms = arity.oneOrMore;
  static override readonly coordMap: CoordMapOf = ({ concat_param }) => {
    const { axis = 1, concat_dim = axis } = concat_param ?? {};
    return concat_dim === 0 || concat_dim === 1 ? unmoved() : undefined;
  };

  #shapes: readonly Shape[] = [];
  #op!: ConcatOp;

  override setUp(): void {
    const { axis, concat_dim } = this.param.concat_param ?? {};
    if (axis !== undefined && concat_dim !== undefined) {
      this.fail(
        "concat_param has axis and concat_dim. Either axis or concat_dim should be specified; not both.",
      );
    }
  }

  override reshape(bottom: OneOrMore, [y]: One): void {
    const shapes = bottom.map((x) => x.shape);
    const isSame =
      shapes.length === this.#shapes.length &&
      shapes.every((s, i) => sameShape(s, this.#shapes[i] ?? []));
    if (!isSame) this.#make(bottom, shapes, y);
    if (bottom.length === 1) {
      y.shareData(bottom[0]);
      y.shareDiff(bottom[0]);
    }
  }

  #make(bottom: OneOrMore, shapes: readonly Shape[], y: One[0]): void {
    const { axis, concat_dim } = withDefaults("ConcatParameter", this.param.concat_param);
    const given = this.param.concat_param?.concat_dim === undefined ? axis : concat_dim;
    const at = this.named(() => bottom[0].axis(given));
    const [first = []] = shapes;
    let length = 0;
    shapes.forEach((shape, i) => {
      if (shape.length !== first.length || shape.some((n, a) => a !== at && n !== first[a])) {
        this.fail(
          `bottom ${i} has shape ${shapeText(shape)}. All inputs must have the same shape, except at concat_axis ${at}: ${shapeText(first)}.`,
        );
      }
      length += shape[at] ?? 0;
    });
    y.reshape(first.map((n, a) => (a === at ? length : n)));
    this.#shapes = shapes;
    this.#op = this.engine.concat({ shapes, axis: at });
  }

  override forward(bottom: OneOrMore, [y]: One): void {
    if (bottom.length === 1) y.shareData(bottom[0]);
    else
      this.#op.forward(
        bottom.map((x) => x.dataMem),
        y.dataMem,
      );
  }

  override backward([y]: One, propagateDown: readonly boolean[], bottom: OneOrMore): void {
    if (bottom.length === 1) return;
    this.#op.backward(
      y.diffMem,
      bottom.map((x, i) => (propagateDown[i] ? x.diffMem : undefined)),
    );
  }
}
