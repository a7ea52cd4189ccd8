import type { FloatArray } from "../../util/arrays.ts";
import type { Box } from "../../util/box.ts";
import { type BoxCode, boxAt, decodeBox } from "./boxes.ts";
import type { Priors } from "./priors.ts";

/** The boxes that an image's locations mean, each worked out when it is first asked for. */
export class DecodedBoxes {
  readonly #locations: FloatArray;
  readonly #start: number;
  readonly #kinds: number;
  readonly #priors: Priors;
  readonly #code: BoxCode;
  readonly #edges: Float32Array;
  readonly #isKnown: Uint8Array;

  /**
   * @param start where in the locations the image's begin
   * @param kinds how many locations a prior has: 1, or as many as classes
   */
  constructor(locations: FloatArray, start: number, kinds: number, priors: Priors, code: BoxCode) {
    [this.#locations, this.#start, this.#kinds] = [locations, start, kinds];
    [this.#priors, this.#code] = [priors, code];
    this.#edges = new Float32Array(4 * kinds * priors.boxes.length);
    this.#isKnown = new Uint8Array(kinds * priors.boxes.length);
  }

  /** The box of a prior for a class. */
  of(label: number, prior: number): Box {
    return boxAt(this.#edges, this.#at(label, prior));
  }

  /** The boxes of priors for a class, one behind the other. */
  all(label: number, priors: readonly number[]): Float32Array {
    const boxes = new Float32Array(4 * priors.length);
    for (let k = 0; k < priors.length; k++) {
      const at = this.#at(label, priors[k]!);
      for (let i = 0; i < 4; i++) boxes[4 * k + i] = this.#edges[at + i]!;
    }
    return boxes;
  }

  /** Where the box stands among the edges. */
  #at(label: number, prior: number): number {
    const index = prior * this.#kinds + (this.#kinds === 1 ? 0 : label);
    const at = 4 * index;
    if (this.#isKnown[index] === 1) return at;
    const { boxes, variances } = this.#priors;
    const prediction = boxAt(this.#locations, this.#start + at);
    const box = decodeBox(prediction, boxes[prior]!, this.#code, variances[prior]);
    for (let i = 0; i < 4; i++) this.#edges[at + i] = box[i]!;
    this.#isKnown[index] = 1;
    return at;
  }
}
