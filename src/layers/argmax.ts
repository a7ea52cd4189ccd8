import type { Primitive } from "../engines/engine.ts";
import { withDefaults } from "../io/proto/messages.ts";
import { Layer, type One } from "./base/layer.ts";

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
  static override readonly needs: readonly Primitive[] = ["host"];

  #axis: number | undefined;
  #topK = 1;
  #wantsValues = false;

  override setUp([x]: One): void {
    const param = withDefaults("ArgMaxParameter", this.param.argmax_param);
    const given = this.param.argmax_param?.axis;
    this.#axis = given === undefined ? undefined : this.named(() => x.axis(given));
    this.#topK = param.top_k;
    this.#wantsValues = param.out_max_val;
    const length = this.#axis === undefined ? x.count(1) : (x.shape[this.#axis] ?? 1);
    if (this.#topK < 1 || this.#topK > length) {
      this.fail(
        `argmax_param.top_k is ${this.#topK}. Expected 1 to ${length}, the number of values compared.`,
      );
    }
  }

  override reshape([x]: One, [y]: One): void {
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
  }

  override forward([x]: One, [y]: One): void {
    const [from, to, k] = [x.data.cpu(), y.data.overwriteCpu(), this.#topK];
    const length = this.#axis === undefined ? x.count(1) : (x.shape[this.#axis] ?? 1);
    const inner = this.#axis === undefined ? 1 : x.count(this.#axis + 1);
    const both = this.#wantsValues && this.#axis === undefined;
    const best = new Int32Array(k);
    for (let row = 0; row < x.count() / length; row++) {
      const [o, i] = [Math.floor(row / inner), row % inner];
      const at = (c: number): number => from[(o * length + c) * inner + i]!;
      let found = 0;
      for (let c = 0; c < length; c++) {
        const value = at(c);
        if (found === k && value < at(best[k - 1]!)) continue;
        let place = found < k ? found++ : k - 1;
        for (; place > 0 && at(best[place - 1]!) <= value; place--) best[place] = best[place - 1]!;
        best[place] = c;
      }
      for (let j = 0; j < k; j++) {
        if (both) {
          to[2 * row * k + j] = best[j]!;
          to[(2 * row + 1) * k + j] = at(best[j]!);
        } else to[(o * k + j) * inner + i] = this.#wantsValues ? at(best[j]!) : best[j]!;
      }
    }
  }

  override backward(_top: One, propagateDown: readonly boolean[]): void {
    if (propagateDown.some(Boolean))
      this.fail("ArgMax has no gradient. Expected it under no loss.");
  }

  override allowForceBackward(): boolean {
    return false;
  }
}
