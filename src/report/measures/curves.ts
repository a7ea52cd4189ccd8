/**
 * What a class's scores say at every threshold, from the highest down: how many records of the class, and how many of others,
 * score as high or higher. Records of one score are one step.
 */
export interface Thresholds {
  readonly positives: number;
  readonly negatives: number;
  /** At each step: records of the class so far. */
  readonly right: Float64Array;
  /** At each step: records of others so far. */
  readonly wrong: Float64Array;
}

/**
 * Goes through thresholds.
 * @param positives scores of the records of the class, in any order; negatives: those of others
 */
export function thresholdsOf(positives: Float32Array, negatives: Float32Array): Thresholds {
  const [own, others] = [positives.toSorted(), negatives.toSorted()];
  const right: number[] = [];
  const wrong: number[] = [];
  let [i, j] = [own.length - 1, others.length - 1];
  while (i >= 0 || j >= 0) {
    const score = Math.max(own[i] ?? -Infinity, others[j] ?? -Infinity);
    while (i >= 0 && own[i] === score) i--;
    while (j >= 0 && others[j] === score) j--;
    right.push(own.length - 1 - i);
    wrong.push(others.length - 1 - j);
  }
  return {
    positives: own.length,
    negatives: others.length,
    right: Float64Array.from(right),
    wrong: Float64Array.from(wrong),
  };
}

/**
 * The area under the receiver operating characteristic: how likely a record of the class scores higher than one of others,
 * equal scores counting half. NaN where either is missing.
 *
 * @see Hanley & McNeil, Radiology 143 (1982)
 */
export function areaUnderRoc(thresholds: Thresholds): number {
  const { positives, negatives, right, wrong } = thresholds;
  let [sum, found, taken] = [0, 0, 0];
  right.forEach((next, step) => {
    const others = wrong[step] ?? 0;
    sum += ((others - taken) * (next + found)) / 2;
    [found, taken] = [next, others];
  });
  return sum / (positives * negatives);
}

/**
 * Average precision, Σ (Rₙ − Rₙ₋₁) Pₙ over the thresholds, without interpolation. NaN where no record is of the class.
 *
 * @see Manning, Raghavan & Schütze, Introduction to Information Retrieval, 8.4
 */
export function areaUnderPrecision({ positives, right, wrong }: Thresholds): number {
  let [sum, before] = [0, 0];
  right.forEach((found, step) => {
    if (found > before) sum += ((found - before) * found) / (found + (wrong[step] ?? 0));
    before = found;
  });
  return sum / positives;
}
