import type { Primitive } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { allocate, type FloatArray } from "../../util/arrays.ts";
import type { One, ParamField } from "../base/layer.ts";
import { PassKey } from "../base/pass-key.ts";
import { RandomNeuronLayer } from "../base/random-neuron.ts";

/**
 * Dropout for SeLU's activations: in training a dropped value becomes α, and all are moved so that mean and variance stay.
 *
 *     TRAIN  y = a·(x or, with probability r, α) + b;  q = 1 − r,  a = (q + α²·q·r)^(−1/2),  b = −a·r·α
 *     TEST   y = x
 *
 * - bottom[0], top[0]: any shape; in place is allowed
 * - `selu_dropout_param`: dropout_ratio r 0.1, more than 0 and less than 1; alpha α −1.75809934
 *
 * @see Klambauer et al., Self-Normalizing Neural Networks, NIPS 2017; synopsys-caffe's SeLUDropoutLayer
 */
export class SeLuDropoutLayer extends RandomNeuronLayer {
  static override readonly type: string = "SeLuDropout";
  static override readonly paramFields: readonly ParamField[] = ["selu_dropout_param"];
  static override readonly needs: readonly Primitive[] = ["host", "copy"];
  static override readonly hostTopDiffs: readonly number[] = [0];

  #ratio = 0;
  #alpha = 0;
  protected override readonly key: PassKey = new PassKey(this.random("mask"), this.rank);
  /** Below the ratio: dropped. */
  #draws: FloatArray = allocate(this.context.dtype, 0);

  override setUp(): void {
    const param = withDefaults("SeLUDropoutParameter", this.param.selu_dropout_param);
    this.#ratio = param.dropout_ratio;
    this.#alpha = param.alpha;
    if (!(this.#ratio > 0 && this.#ratio < 1)) {
      this.fail(
        `selu_dropout_param.dropout_ratio is ${this.#ratio}. Expected more than 0, and less than 1.`,
      );
    }
  }

  override reshape([x]: One, [y]: One): void {
    if (x !== y) y.reshapeLike(x);
    if (this.#draws.length !== x.count()) this.#draws = allocate(this.context.dtype, x.count());
  }

  get #slope(): number {
    const q = 1 - this.#ratio;
    return (q * (1 + this.#alpha * this.#alpha * this.#ratio)) ** -0.5;
  }

  override forward([x]: One, [y]: One): void {
    if (this.phase !== "TRAIN") {
      if (x !== y) this.engine.copy(x.count(), x.dataMem, y.dataMem);
      return;
    }
    this.context.noise.uniform(this.#draws, 0, 1, this.key.advance());
    const from = x.dataMem.cpu();
    const to = x === y ? x.dataMem.mutableCpu() : y.dataMem.overwriteCpu();
    const a = this.#slope;
    const b = -a * this.#ratio * this.#alpha;
    this.#draws.forEach((draw, i) => {
      to[i] = a * (draw < this.#ratio ? this.#alpha : from[i]!) + b;
    });
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    if (!propagate) return;
    if (this.phase !== "TRAIN") {
      if (x !== y) this.engine.copy(x.count(), y.diffMem, x.diffMem);
      return;
    }
    const dy = y.diffMem.cpu();
    const dx = x === y ? x.diffMem.mutableCpu() : x.diffMem.overwriteCpu();
    const a = this.#slope;
    this.#draws.forEach((draw, i) => {
      dx[i] = draw < this.#ratio ? 0 : a * dy[i]!;
    });
  }
}
