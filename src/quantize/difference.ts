import type { FloatArray } from "../util/arrays.ts";

/** How far an array is from what it should be, added up over batches. */
export class Difference {
  #signal = 0;
  #noise = 0;
  #greatest = 0;

  add(wanted: FloatArray, found: FloatArray, count: number): void {
    for (let i = 0; i < count; i++) {
      const value = wanted[i] as number;
      const error = (found[i] as number) - value;
      this.#signal += value * value;
      this.#noise += error * error;
      this.#greatest = Math.max(this.#greatest, Math.abs(error));
    }
  }

  /** Signal to quantization noise, in decibels: 6 more are half of the error; at most 99. */
  get decibels(): number {
    if (this.#noise === 0) return MOST;
    return Math.min(MOST, 10 * Math.log10(this.#signal / this.#noise));
  }

  /** The root of the mean square of the error over that of the values. */
  get relative(): number {
    return this.#noise === 0 ? 0 : Math.sqrt(this.#noise / this.#signal);
  }

  get greatest(): number {
    return this.#greatest;
  }
}

const MOST = 99;

/** How often two nets choose the same: the greatest of each sample's scores, at every place of a map. */
export class Agreement {
  same = 0;
  count = 0;

  /** @param shape samples, classes, and places */
  add(wanted: FloatArray, found: FloatArray, shape: readonly number[]): void {
    const [samples = 0, classes = 0, ...rest] = shape;
    const places = rest.reduce((a, b) => a * b, 1);
    for (let n = 0; n < samples; n++) {
      for (let p = 0; p < places; p++) {
        const from = n * classes * places + p;
        this.count++;
        if (best(wanted, from, classes, places) === best(found, from, classes, places)) this.same++;
      }
    }
  }

  /** 1 where there is nothing to choose. */
  get share(): number {
    return this.count === 0 ? 1 : this.same / this.count;
  }
}

function best(scores: FloatArray, from: number, classes: number, step: number): number {
  let at = 0;
  for (let c = 1; c < classes; c++) {
    if ((scores[from + c * step] as number) > (scores[from + at * step] as number)) at = c;
  }
  return at;
}
