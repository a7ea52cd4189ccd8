import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { Watch } from "../../syncedmem/watch.ts";
import { arraysOf, type LinePost } from "../ops/line-post.ts";
import type { Addon } from "./addon.ts";
import { foldedBias } from "./folded-weights.ts";

/** A convolution's bias and the lines behind it as one line per channel, made anew only where one of them has changed. */
export class JoinedLine {
  /** Undefined where there are no lines. */
  scale: Float32Array | undefined;
  shift: Float32Array | undefined;
  readonly #addon: Addon;
  readonly #channels: number;
  readonly #watch: Watch = new Watch();
  #greatest: number | undefined;

  constructor(addon: Addon, channels: number) {
    this.#addon = addon;
    this.#channels = channels;
  }

  /** Takes these. */
  join(b: SyncedMem | undefined, lines: readonly LinePost[]): void {
    const own = b?.cpu() as Float32Array | undefined;
    if (lines.length === 0) this.shift = own;
    if (!this.#watch.isNew(arraysOf(b, lines))) return;
    this.#greatest = undefined;
    this.scale = undefined;
    if (lines.length === 0) return;
    const scale = new Float32Array(this.#channels).fill(1);
    const bias = new Float32Array(this.#channels);
    for (const line of lines) {
      const [factors, shifts] = [line.scale.cpu(), line.bias?.cpu()];
      for (let c = 0; c < this.#channels; c++) {
        scale[c]! *= factors[c]!;
        bias[c] = bias[c]! * factors[c]! + (shifts ? shifts[c]! : 0);
      }
    }
    this.scale = scale;
    this.shift = foldedBias(own, scale, bias);
  }

  /** The greatest magnitude of `shift`; infinite where one is NaN. */
  get greatest(): number {
    const { shift } = this;
    this.#greatest ??= shift ? this.#addon.greatest(shift.length, shift) : 0;
    return this.#greatest;
  }
}
