import type { Blob } from "../../blob/blob.ts";
import type { ArgMaxOp, Primitive } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { type Shape, sameShape } from "../../util/shape.ts";
import { Layer, type LayerRole, type One, type ParamField } from "../base/layer.ts";

/**
 * Finds the greatest values of each sample, or along an axis.
 *
 * - bottom[0]: N×…
 * - top[0]: with `axis`, the bottom's shape with `top_k` places on that axis: indices, or values if `out_max_val`;
 *   without, N×1×top_k indices, or N×2×top_k with the indices first and the values after them
 * - `argmax_param`: out_max_val false, top_k 1, axis (none)
 *
 * Greater values come first; of equal ones the later index. There is no gradient.
 *
 * @see Caffe's ArgMaxLayer
 */
export class ArgMaxLayer extends Layer<One, One> {
  static override readonly type: string = "ArgMax";
  static override readonly paramFields: readonly ParamField[] = ["argmax_param"];
  static override readonly needs: readonly Primitive[] = ["argMax"];
  static override readonly role: LayerRole = "result";

  #axis: number | undefined;
  #topK = 1;
  #wantsValues = false;
  #shape: Shape | undefined;
  #op!: ArgMaxOp;

  override setUp([x]: One): void {
    const param = withDefaults("ArgMaxParameter", this.param.argmax_param);
    const given = this.param.argmax_param?.axis;
    this.#axis = given === undefined ? undefined : this.named(() => x.axis(given));
    this.#topK = param.top_k;
    this.#wantsValues = param.out_max_val;
  }

  override reshape([x]: One, [y]: One): void {
    const length = this.#axis === undefined ? x.count(1) : (x.shape[this.#axis] ?? 1);
    if (this.#topK < 1 || this.#topK > length) {
      this.fail(
        `argmax_param.top_k is ${this.#topK}. Expected 1 to ${length}, the number of values compared.`,
      );
    }
    const k = this.#topK;
    if (this.#axis !== undefined) y.reshape(x.shape.map((n, a) => (a === this.#axis ? k : n)));
    else {
      const more = Math.max(0, x.shape.length - 3);
      y.reshape([
        x.shape[0] ?? 1,
        this.#wantsValues ? 2 : 1,
        k,
        ...new Array<number>(more).fill(1),
      ]);
    }
    if (!this.#shape || !sameShape(this.#shape, x.shape)) this.#describe(x);
  }

  #describe(x: Blob): void {
    const axis = this.#axis;
    const isPerSample = axis === undefined;
    const length = isPerSample ? x.count(1) : (x.shape[axis] ?? 1);
    const inner = isPerSample ? 1 : x.count(axis + 1);
    const values = isPerSample ? "both" : "values";
    this.#op = this.engine.argMax({
      outer: isPerSample ? (x.shape[0] ?? 1) : x.count(0, axis),
      length,
      inner,
      topK: this.#topK,
      wants: this.#wantsValues ? values : "indices",
    });
    this.#shape = x.shape;
  }

  override forward([x]: One, [y]: One): void {
    this.#op.forward(x.dataMem, y.dataMem);
  }

  override backward(_top: One, propagateDown: readonly boolean[]): void {
    if (propagateDown.some(Boolean))
      this.fail("ArgMax has no gradient. Expected it under no loss.");
  }

  override allowForceBackward(): boolean {
    return false;
  }
}
