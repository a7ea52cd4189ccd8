import { Blob } from "../blob/blob.ts";
import type { Primitive } from "../engines/engine.ts";
import { withDefaults } from "../io/proto/messages.ts";
import type { Random } from "../util/random.ts";
import { Layer, type LayerState, type One } from "./base/layer.ts";

/**
 * In training each value is dropped with probability r and the others are scaled up; in testing nothing happens.
 *
 *     TRAIN  y = x · m,  m = 0 with probability r, else 1 / (1 − r)
 *     TEST   y = x
 *
 * - bottom[0], top[0]: any shape; in place is allowed
 * - `dropout_param.dropout_ratio` r: default 0.5, in [0, 1)
 *
 * @see Srivastava et al., JMLR 2014; Caffe's DropoutLayer
 */
export class DropoutLayer extends Layer<One, One> {
  static override readonly type: string = "Dropout";
  static override readonly needs: readonly Primitive[] = ["multiply", "copy"];
  static override readonly allowsInPlace: boolean = true;

  readonly #random: Random = this.random("mask");
  #ratio = 0;
  #mask!: Blob;

  override setUp(): void {
    this.#ratio = withDefaults("DropoutParameter", this.param.dropout_param).dropout_ratio;
    if (!(this.#ratio >= 0 && this.#ratio < 1)) {
      this.fail(
        `dropout_param.dropout_ratio is ${this.#ratio}. Expected 0 or more, and less than 1.`,
      );
    }
    this.#mask = new Blob([0], this.context.dtype);
  }

  override reshape([x]: One, [y]: One): void {
    if (x !== y) y.reshapeLike(x);
    if (this.phase === "TRAIN") this.#mask.reshapeLike(x);
  }

  override forward([x]: One, [y]: One): void {
    if (this.phase === "TEST") {
      if (x !== y) this.engine.copy(x.count(), x.data, y.data);
      return;
    }
    const mask = this.#mask.data.overwriteCpu();
    const threshold = this.#ratio * 2 ** 32;
    const scale = 1 / (1 - this.#ratio);
    const count = x.count();
    for (let i = 0; i < count; i++) mask[i] = this.#random.uint32() >= threshold ? scale : 0;
    this.engine.multiply(count, x.data, this.#mask.data, y.data);
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    if (!propagate) return;
    if (this.phase === "TRAIN") this.engine.multiply(x.count(), y.diff, this.#mask.data, x.diff);
    else if (x !== y) this.engine.copy(x.count(), y.diff, x.diff);
  }

  override state(): LayerState {
    return { random: this.#random.state() };
  }

  override restore(state: LayerState): undefined {
    this.#random.restore(state["random"] as readonly number[]);
  }
}
