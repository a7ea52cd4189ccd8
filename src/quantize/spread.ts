import type { FloatArray } from "../util/arrays.ts";
import { CaffeError } from "../util/errors.ts";

/** Bins of a histogram: an even number, so that two of them can become one. */
const BINS = 2048;

/** What values a blob took over some batches: their ends, and how often which magnitude was there. */
export class Spread {
  readonly #blob: string;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  count = 0;
  /** How often |x| lay in [i, i + 1) · width. */
  readonly bins: Float64Array = new Float64Array(BINS);
  /** 0 before there is a value that is not 0. */
  width = 0;

  constructor(blob: string) {
    this.#blob = blob;
  }

  /** The greatest magnitude; 0 before there is any. */
  get greatest(): number {
    return this.count === 0 ? 0 : Math.max(Math.abs(this.min), Math.abs(this.max));
  }

  /** @throws CaffeError where one is not finite */
  add(values: FloatArray, count: number): void {
    let [min, max] = [this.min, this.max];
    for (let i = 0; i < count; i++) {
      const value = values[i] as number;
      if (!Number.isFinite(value)) {
        throw new CaffeError(
          `blob "${this.#blob}" holds ${value} in a batch that scales are found from. Expected finite numbers: look at the data, or at the weights (caffe test).`,
        );
      }
      if (value < min) min = value;
      if (value > max) max = value;
    }
    this.min = min;
    this.max = max;
    this.count += count;
    this.#widen();
    const { bins, width } = this;
    for (let i = 0; i < count; i++) {
      const bin = width === 0 ? 0 : Math.floor(Math.abs(values[i] as number) / width);
      const at = Math.min(bin, BINS - 1);
      bins[at] = (bins[at] as number) + 1;
    }
  }

  /** Makes bins twice as wide until the greatest magnitude lies in one. */
  #widen(): void {
    const { greatest, bins } = this;
    if (greatest === 0) return;
    if (this.width === 0) this.width = greatest / BINS;
    while (this.width * BINS < greatest) {
      for (let i = 0; i < BINS; i++) {
        bins[i] = i < BINS / 2 ? (bins[2 * i] as number) + (bins[2 * i + 1] as number) : 0;
      }
      this.width *= 2;
    }
  }
}
