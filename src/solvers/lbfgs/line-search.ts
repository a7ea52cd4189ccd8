import type { FloatArray } from "../../util/arrays.ts";

/** The objective along a direction, at one length of the step. */
export interface Trial {
  readonly length: number;
  readonly objective: number;
  /** The derivative by the length. */
  readonly slope: number;
  /** What the pass lost, without decay. */
  readonly loss: number;
  readonly gradient: FloatArray;
}

/** The objective falls by this part of what its slope promises, and its slope to this part, before a step is taken. */
const ENOUGH_FALL = 1e-4;
const ENOUGH_FLATNESS = 0.9;
/** So often the objective is measured for one step. */
const MOST_TRIALS = 25;

/**
 * A step that meets the strong Wolfe conditions, with φ the objective along the direction:
 *
 *     φ(t) ≤ φ(0) + 10⁻⁴·t·φ′(0)  and  |φ′(t)| ≤ 0.9·|φ′(0)|
 *
 * Lengths grow until a minimum is bracketed; cubics through values and slopes then close in on it. Differences of φ below
 * `noise` say nothing: near a minimum slopes alone decide.
 *
 * @param start at length 0
 * @returns the best that was found; undefined where none lowers the objective
 * @see Nocedal & Wright, Numerical Optimization, 2nd edition, algorithms 3.5 and 3.6; Hager & Zhang, 2005, for the noise
 */
export async function lineSearch(
  start: Trial,
  first: number,
  noise: number,
  measure: (length: number) => Promise<Trial>,
): Promise<Trial | undefined> {
  const isHigh = ({ length, objective }: Trial): boolean =>
    objective > start.objective + ENOUGH_FALL * length * start.slope + noise;
  const isFlat = ({ slope }: Trial): boolean => Math.abs(slope) <= -ENOUGH_FLATNESS * start.slope;
  let [low, length] = [start, first];
  let high: Trial | undefined;
  for (let trials = 0; trials < MOST_TRIALS; trials++) {
    const trial = await measure(length);
    if (!Number.isFinite(trial.objective) || !Number.isFinite(trial.slope)) {
      // Beyond what numbers can hold there is no slope to follow.
      length = low.length + (length - low.length) / 8;
      continue;
    }
    if (isHigh(trial) || (low !== start && trial.objective > low.objective + noise)) high = trial;
    else if (isFlat(trial)) return trial;
    else {
      const isPast = trial.slope * ((high?.length ?? Number.POSITIVE_INFINITY) - low.length) >= 0;
      if (isPast) high = low;
      low = trial;
    }
    length = high ? between(low, high) : beyond(low, first);
    if (high && Math.abs(high.length - low.length) <= Number.EPSILON * low.length) break;
  }
  return low !== start && low.objective <= start.objective + noise ? low : undefined;
}

/** Where a cubic through both has its minimum, but not close to either. */
function between(low: Trial, high: Trial): number {
  const width = high.length - low.length;
  const d1 = low.slope + high.slope - (3 * (low.objective - high.objective)) / -width;
  const root = Math.sqrt(d1 ** 2 - low.slope * high.slope) * Math.sign(width);
  const share = 1 - (high.slope + root - d1) / (high.slope - low.slope + 2 * root);
  return low.length + width * (share >= 0.1 && share <= 0.9 ? share : 0.5);
}

/** A longer step, where the objective still falls. */
function beyond(low: Trial, first: number): number {
  return Math.max(low.length * 4, first);
}
