import type { Blob } from "../../blob/blob.ts";
import type { FloatArray } from "../../util/arrays.ts";
import type { Box } from "../../util/box.ts";
import { type BoxCode, boxAt } from "./boxes.ts";

/** Boxes that predictions start from, and what each of their numbers is multiplied by. */
export interface Priors {
  readonly boxes: readonly Box[];
  readonly variances: readonly Box[];
}

/** Reads what PriorBox wrote, 1×2×(P·4), anew where it has changed: as a rule it is the same in every pass. */
export class PriorReader {
  readonly #code: BoxCode;
  #values: FloatArray = new Float64Array(0);
  #priors: Priors = { boxes: [], variances: [] };

  constructor(code: BoxCode) {
    this.#code = code;
  }

  /** @param fail called where a prior has no area although sizes are divided by its own */
  read(blob: Blob, fail: (message: string) => never): Priors {
    const values = blob.dataMem.cpu().subarray(0, blob.count());
    const isKnown =
      values.length === this.#values.length &&
      values.every((value, i) => value === this.#values[i]);
    if (isKnown) return this.#priors;
    this.#priors = this.#priorsOf(values, fail);
    this.#values = values.slice();
    return this.#priors;
  }

  #priorsOf(values: FloatArray, fail: (message: string) => never): Priors {
    const count = Math.floor(values.length / 8);
    const [boxes, variances]: [Box[], Box[]] = [[], []];
    for (let p = 0; p < count; p++) {
      const box = boxAt(values, 4 * p);
      if (this.#code !== "CORNER" && !(box[2] > box[0] && box[3] > box[1])) {
        fail(
          `prior ${p} is (${box.join(", ")}). Expected xmax above xmin and ymax above ymin: code_type ${this.#code} divides by its size.`,
        );
      }
      boxes.push(box);
      variances.push(boxAt(values, 4 * (count + p)));
    }
    return { boxes, variances };
  }
}
