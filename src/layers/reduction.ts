import type { Primitive } from "../engines/engine.ts";
import { withDefaults } from "../io/proto/messages.ts";
import { Layer, type One } from "./base/layer.ts";

/**
 * Reduces all axes from one on to a single value.
 *
 *     SUM  y = c · Σ x      MEAN   y = c · Σ x / n
 *     ASUM y = c · Σ |x|    SUMSQ  y = c · Σ x²
 *
 * - bottom[0]: any shape; top[0]: its axes before `axis` (none for 0: a scalar)
 * - `reduction_param`: operation SUM, axis 0, coeff c 1
 *
 * @see Caffe's ReductionLayer
 */
export class ReductionLayer extends Layer<One, One> {
  static override readonly type: string = "Reduction";
  static override readonly needs: readonly Primitive[] = ["host"];

  #operation: "SUM" | "ASUM" | "SUMSQ" | "MEAN" = "SUM";
  #coeff = 1;
  #outer = 0;
  #inner = 0;

  override reshape([x]: One, [y]: One): void {
    const { operation, axis, coeff } = withDefaults(
      "ReductionParameter",
      this.param.reduction_param,
    );
    const at = this.named(() => x.axis(axis));
    y.reshape(x.shape.slice(0, at));
    this.#operation = operation;
    this.#outer = x.count(0, at);
    this.#inner = x.count(at);
    this.#coeff = operation === "MEAN" ? coeff / this.#inner : coeff;
  }

  override forward([x]: One, [y]: One): void {
    const [values, to, size] = [x.data.cpu(), y.data.overwriteCpu(), this.#inner];
    for (let o = 0, at = 0; o < this.#outer; o++) {
      const end = at + size;
      let sum = 0;
      if (this.#operation === "ASUM") for (; at < end; at++) sum += Math.abs(values[at]!);
      else if (this.#operation === "SUMSQ") for (; at < end; at++) sum += values[at]! * values[at]!;
      else for (; at < end; at++) sum += values[at]!;
      to[o] = this.#coeff * sum;
    }
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    if (!propagate) return;
    const [values, dy, dx] = [x.data.cpu(), y.diff.cpu(), x.diff.overwriteCpu()];
    for (let o = 0, at = 0; o < this.#outer; o++) {
      const end = at + this.#inner;
      const slope = dy[o]! * this.#coeff;
      if (this.#operation === "ASUM")
        for (; at < end; at++) dx[at] = slope * Math.sign(values[at]!);
      else if (this.#operation === "SUMSQ") for (; at < end; at++) dx[at] = 2 * slope * values[at]!;
      else {
        dx.fill(slope, at, end);
        at = end;
      }
    }
  }
}
