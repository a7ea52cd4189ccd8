/**
 * What a class's scores say at every threshold, from the highest down: how many records of the class, and how many of others,
 * score as high or higher. Records of one score are one step.
 */
export interface Thresholds {
  readonly positives: number;
  readonly negatives: number;
  /** Each step's score. */
  readonly scores: Float64Array;
  /** At each step: records of the class so far. */
  readonly right: Float64Array;
  /** At each step: records of others so far. */
  readonly wrong: Float64Array;
}

/** A place on a curve. */
export type Point = readonly [x: number, y: number];

/**
 * Goes through thresholds.
 * @param positives scores of the records of the class, in any order; negatives: those of others
 */
export function thresholdsOf(positives: Float32Array, negatives: Float32Array): Thresholds {
  const [own, others] = [positives.toSorted(), negatives.toSorted()];
  const scores: number[] = [];
  const right: number[] = [];
  const wrong: number[] = [];
  let [i, j] = [own.length - 1, others.length - 1];
  while (i >= 0 || j >= 0) {
    const score = Math.max(own[i] ?? -Infinity, others[j] ?? -Infinity);
    while (i >= 0 && own[i] === score) i--;
    while (j >= 0 && others[j] === score) j--;
    scores.push(score);
    right.push(own.length - 1 - i);
    wrong.push(others.length - 1 - j);
  }
  return {
    positives: own.length,
    negatives: others.length,
    scores: Float64Array.from(scores),
    right: Float64Array.from(right),
    wrong: Float64Array.from(wrong),
  };
}

/** Receiver operating characteristic: the share of the class found over the share of others taken for it, from (0, 0) to (1, 1). */
export function rocPoints({ positives, negatives, right, wrong }: Thresholds): Point[] {
  const points: Point[] = [[0, 0]];
  right.forEach((found, step) => {
    points.push([(wrong[step] ?? 0) / negatives, found / positives]);
  });
  return points;
}

/** Precision over recall, from the highest threshold down. */
export function precisionPoints({ positives, right, wrong }: Thresholds): Point[] {
  return Array.from(right, (found, step) => [
    found / positives,
    found / (found + (wrong[step] ?? 0)),
  ]);
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

/** A curve of at most so many points: those that lie at even distances along it, its ends among them. */
export function thinned(points: readonly Point[], most: number): readonly Point[] {
  if (points.length <= most) return points;
  const way = [0];
  points.forEach(([x, y], i) => {
    const [lastX, lastY] = points[i - 1] ?? [x, y];
    if (i > 0) way.push((way[i - 1] ?? 0) + Math.hypot(x - lastX, y - lastY));
  });
  const step = (way.at(-1) ?? 0) / (most - 1);
  let next = 0;
  return points.filter((_, i) => {
    const isLast = i === points.length - 1;
    if ((way[i] ?? 0) < next && !isLast) return false;
    next = (way[i] ?? 0) + step;
    return true;
  });
}
