import type { Blob } from "../../blob/blob.ts";
import type { FloatArray } from "../../util/arrays.ts";
import type { Box } from "../../util/box.ts";
import { type BoxCode, boxAt } from "./boxes.ts";

/** Boxes that predictions start from, and what each of their numbers is multiplied by. */
export interface Priors {
  readonly boxes: readonly Box[];
  readonly variances: readonly Box[];
}

/**
 * Reads what PriorBox wrote, 1×2×(P·4), anew where it has changed: as a rule it is the same in every pass. Boxes of pixels
 * may come without variances, and their last pixel is within.
 */
export class PriorReader {
  readonly #code: BoxCode;
  readonly #arePixels: boolean;
  #values: FloatArray = new Float64Array(0);
  #priors: Priors = { boxes: [], variances: [] };

  constructor(code: BoxCode, arePixels = false) {
    this.#code = code;
    this.#arePixels = arePixels;
  }

  /** @param fail called where a prior has no area although sizes are divided by its own */
  read(blob: Blob, fail: (message: string) => never): Priors {
    const values = blob.dataMem.cpu().subarray(0, blob.count());
    const rows = this.#arePixels && blob.shape[1] === 1 ? 1 : 2;
    const isKnown =
      values.length === this.#values.length &&
      values.every((value, i) => value === this.#values[i]);
    if (isKnown) return this.#priors;
    this.#priors = this.#priorsOf(values, rows, fail);
    this.#values = values.slice();
    return this.#priors;
  }

  #priorsOf(values: FloatArray, rows: number, fail: (message: string) => never): Priors {
    const count = Math.floor(values.length / (4 * rows));
    const [boxes, variances]: [Box[], Box[]] = [[], []];
    for (let p = 0; p < count; p++) {
      const [x0, y0, x1, y1] = boxAt(values, 4 * p);
      const last = this.#arePixels ? 1 : 0;
      const box: Box = [x0, y0, Math.fround(x1 + last), Math.fround(y1 + last)];
      if (this.#code !== "CORNER" && !(box[2] > box[0] && box[3] > box[1])) {
        fail(
          `prior ${p} is (${box.join(", ")}). Expected xmax above xmin and ymax above ymin: code_type ${this.#code} divides by its size.`,
        );
      }
      boxes.push(box);
      if (rows > 1) variances.push(boxAt(values, 4 * (count + p)));
    }
    return { boxes, variances };
  }
}
