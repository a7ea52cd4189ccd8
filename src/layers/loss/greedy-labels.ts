import type { FloatArray } from "../../util/arrays.ts";
import type { Scores } from "./ctc.ts";

/**
 * The labels of the best class of every step, without blanks, and without repeats if they are merged.
 * @param into takes them; it has room for one a step
 * @returns how many there are, and minus the sum of the best scores
 */
export function greedyLabels(
  { values, first, stride, classes, steps }: Scores,
  blank: number,
  mergesRepeats: boolean,
  into: Int32Array,
): readonly [count: number, score: number] {
  let [count, score, before] = [0, 0, -1];
  for (let t = 0; t < steps; t++) {
    const at = first + t * stride;
    const best = greatest(values, at, classes);
    score -= values[at + best]!;
    if (best !== blank && !(mergesRepeats && best === before)) into[count++] = best;
    before = best;
  }
  return [count, score];
}

/** The first of the greatest. */
function greatest(values: FloatArray, at: number, classes: number): number {
  let best = 0;
  for (let c = 1; c < classes; c++) if (values[at + c]! > values[at + best]!) best = c;
  return best;
}
