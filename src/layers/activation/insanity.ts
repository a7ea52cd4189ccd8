import type { Primitive } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { allocate, type FloatArray } from "../../util/arrays.ts";
import { InPlaceInput } from "../base/in-place-input.ts";
import type { BackwardReads, One, ParamField } from "../base/layer.ts";
import { PassKey } from "../base/pass-key.ts";
import { RandomNeuronLayer } from "../base/random-neuron.ts";

/**
 * Randomised leaky rectifier: what is below 0 is divided by a number drawn anew for each value.
 *
 *     TRAIN  y = max(x, 0) + min(x, 0) / a,  a uniform in [lb, ub)
 *     TEST   a is (ub − lb) / (log |ub| − log |lb|), the reciprocal of the mean of 1/a
 *     ∂E/∂x = ∂E/∂y · (x > 0 ? 1 : 1/a)
 *
 * - bottom[0], top[0]: any shape; in place is allowed
 * - `insanity_param`: lb 5, ub 10, neither 0, lb below ub
 *
 * @see Xu et al., Empirical Evaluation of Rectified Activations, 2015; caffe-windows' InsanityLayer
 */
export class InsanityLayer extends RandomNeuronLayer {
  static override readonly type: string = "Insanity";
  static override readonly paramFields: readonly ParamField[] = ["insanity_param"];
  static override readonly needs: readonly Primitive[] = ["host", "copy"];
  static override readonly hostTopDiffs: readonly number[] = [0];

  #low = 0;
  #high = 0;
  protected override readonly key: PassKey = new PassKey(this.random("slopes"), this.rank);
  #divisors: FloatArray = allocate(this.context.dtype, 0);
  /** In place, where divisors may change signs. */
  readonly #input: InPlaceInput = new InPlaceInput();

  /** The bounds, and the message that they stand in: of the layer's type. */
  protected bounds(): { readonly field: string; readonly lb: number; readonly ub: number } {
    const { lb, ub } = withDefaults("InsanityParameter", this.param.insanity_param);
    return { field: "insanity_param", lb, ub };
  }

  override setUp(): void {
    const { field, lb, ub } = this.bounds();
    if (!(lb < ub) || lb * ub === 0) {
      this.fail(`${field} has lb ${lb} and ub ${ub}. Expected lb below ub, and neither 0.`);
    }
    this.#low = lb;
    this.#high = ub;
  }

  override reshape([x]: One, [y]: One): void {
    if (x !== y) y.reshapeLike(x);
    else if (this.#low < 0) this.#input.reshapeLike(x, this.context);
  }

  override forward([x]: One, [y]: One): void {
    this.#input.keep(x, this.engine);
    if (this.#divisors.length !== x.count()) this.#divisors = this.#meanDivisors(x.count());
    if (this.phase === "TRAIN") {
      this.context.noise.uniform(this.#divisors, this.#low, this.#high, this.key.advance());
    }
    const from = x.dataMem.cpu();
    const to = x === y ? x.dataMem.mutableCpu() : y.dataMem.overwriteCpu();
    this.#divisors.forEach((divisor, i) => {
      to[i] = from[i]! > 0 ? from[i]! : from[i]! / divisor;
    });
  }

  #meanDivisors(count: number): FloatArray {
    const mean =
      (this.#high - this.#low) / (Math.log(Math.abs(this.#high)) - Math.log(Math.abs(this.#low)));
    return allocate(this.context.dtype, count).fill(mean);
  }

  override backwardReadsBottom(): BackwardReads {
    return this.#input.isKept ? "nothing" : "signs";
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    if (!propagate) return;
    const [values, dy] = [this.#input.of(x).dataMem.cpu(), y.diffMem.cpu()];
    const dx = x === y ? x.diffMem.mutableCpu() : x.diffMem.overwriteCpu();
    this.#divisors.forEach((divisor, i) => {
      dx[i] = values[i]! > 0 ? dy[i]! : dy[i]! / divisor;
    });
  }

  override get keepsSigns(): boolean {
    return this.#low > 0;
  }
}
