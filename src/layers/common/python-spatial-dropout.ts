import type { FloatArray } from "../../util/arrays.ts";
import { CaffeError } from "../../util/errors.ts";
import type { Random } from "../../util/random.ts";
import { randomBits } from "../../util/random-bits.ts";
import type { Blobs, LayerState } from "../base/layer.ts";
import { PassKey } from "../base/pass-key.ts";
import { ParamStr } from "../rcnn/param-str.ts";

/**
 * ENet's dropout of whole channels, whose phase is told in `param_str` and not by the net.
 *
 *     TRAIN  y(n, c) = x(n, c) · m(n, c),  m = 0 with probability p, else 1 / (1 − p)
 *     TEST   y = x / (1 − p), though nothing is dropped
 *
 * - bottom[0], top[0]: N×C×…
 * - `param_str`: `{'phase': 'TRAIN', 'p': '0.1'}`, p between 0 and 1
 *
 * @see TimoSaemann/ENet's spatial_dropout.py
 */
export class PythonSpatialDropoutLayer {
  readonly param_str: string = "";
  readonly #key: PassKey;
  #ratio = 0;
  #drops = false;

  constructor(random: Random) {
    this.#key = new PassKey(random);
  }

  setup(bottom: Blobs, top: Blobs): void {
    if (bottom.length !== 1 || top.length !== 1) {
      throw new CaffeError(
        `SpatialDropoutLayer has ${bottom.length} bottoms and ${top.length} tops. Expected 1 and 1.`,
      );
    }
    const param = new ParamStr(this.param_str, ["phase", "p"]);
    this.#ratio = Number(param.text("p") ?? Number.NaN);
    if (!(this.#ratio > 0 && this.#ratio < 1)) {
      throw new CaffeError(
        `param_str is "${this.param_str}". Expected 'p': a number between 0 and 1.`,
      );
    }
    const phase = param.text("phase");
    if (phase === undefined) {
      throw new CaffeError(
        `param_str is "${this.param_str}". Expected 'phase': 'TRAIN' or 'TEST'.`,
      );
    }
    this.#drops = phase === "TRAIN";
  }

  reshape([x]: Blobs, [y]: Blobs): void {
    if (x !== y) y!.reshapeLike(x!);
  }

  forward([x]: Blobs, [y]: Blobs): void {
    if (this.#drops) this.#key.advance();
    const from = x!.dataMem.cpu();
    this.#scale(from, x === y ? y!.dataMem.mutableCpu() : y!.dataMem.overwriteCpu(), x!.shape);
  }

  backward([y]: Blobs, [propagate]: readonly boolean[], [x]: Blobs): void {
    if (!propagate) return;
    const from = y!.diffMem.cpu();
    this.#scale(from, x === y ? x!.diffMem.mutableCpu() : x!.diffMem.overwriteCpu(), x!.shape);
  }

  /** Draws the pass's factors again each time, so that nothing is kept. */
  #scale(from: FloatArray, to: FloatArray, shape: readonly number[]): void {
    const channels = (shape[0] ?? 1) * (shape[1] ?? 1);
    const size = channels === 0 ? 0 : from.length / channels;
    const threshold = Math.floor(this.#ratio * 2 ** 32);
    const kept = 1 / (1 - this.#ratio);
    for (let channel = 0, at = 0; channel < channels; channel++) {
      const isDropped = this.#drops && randomBits(this.#key.current, channel) < threshold;
      const factor = isDropped ? 0 : kept;
      for (const end = at + size; at < end; at++) to[at] = from[at]! * factor;
    }
  }

  state(): LayerState {
    return this.#key.state();
  }

  restore(state: LayerState): void {
    this.#key.restore(state);
  }
}
