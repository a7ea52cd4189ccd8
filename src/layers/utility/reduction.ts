import type { Primitive, ReductionOp } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { type Shape, sameShape } from "../../util/shape.ts";
import { type BackwardReads, Layer, type One, type ParamField } from "../base/layer.ts";

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
  static override readonly paramFields: readonly ParamField[] = ["reduction_param"];
  static override readonly needs: readonly Primitive[] = ["reduction"];

  #shape: Shape | undefined;
  #op!: ReductionOp;

  override reshape([x]: One, [y]: One): void {
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    const { operation, axis, coeff } = withDefaults(
      "ReductionParameter",
      this.param.reduction_param,
    );
    const at = this.named(() => x.axis(axis));
    y.reshape(x.shape.slice(0, at));
    const [outer, inner] = [x.count(0, at), x.count(at)];
    this.#op = this.engine.reduction({ operation, outer, inner, coeff });
    this.#shape = x.shape;
  }

  override forward([x]: One, [y]: One): void {
    this.#op.forward(x.dataMem, y.dataMem);
  }

  override backwardReadsBottom(): BackwardReads {
    const { operation = "SUM" } = this.param.reduction_param ?? {};
    return ["ASUM", "SUMSQ"].includes(operation) ? "present" : "nothing";
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    if (propagate) this.#op.backward(x.dataMem, y.diffMem, x.diffMem);
  }
}
