/** How far apart two arrays of floats are that should be equal. */
export interface Difference {
  /** The greatest difference of two elements. */
  readonly greatest: number;
  /** The greatest element that is finite. */
  readonly size: number;
}

/** Compares element by element; NaN beside NaN, and an infinity beside itself, are no difference. */
export function differenceOf(want: ArrayLike<number>, got: ArrayLike<number>): Difference {
  let [greatest, size] = [0, 0];
  for (let i = 0; i < want.length; i++) {
    size = Math.max(size, sizeOf(want[i]!));
    greatest = Math.max(greatest, gapOf(want[i]!, got[i]!));
  }
  return { greatest, size };
}

function sizeOf(value: number): number {
  return Number.isFinite(value) ? Math.abs(value) : 0;
}

function gapOf(want: number, got: number): number {
  if (Object.is(want, got) || want === got) return 0;
  const gap = Math.abs(want - got);
  return Number.isNaN(gap) ? Number.POSITIVE_INFINITY : gap;
}

/** Numbers of a detection: image, label, score, and the edges of its box. */
export const DETECTION = 7;
const SCORE = 2;
/** Scores that are nearer than this part of themselves are equal but for rounding. */
const EQUAL = 1e-5;

/**
 * Compares detections K×7 that are in the order of their scores. Where scores are equal but for rounding, which row comes first is
 * chance: such rows may have changed places.
 */
export function differenceOfDetections(
  want: ArrayLike<number>,
  got: ArrayLike<number>,
): Difference {
  const count = Math.floor(want.length / DETECTION);
  const taken = new Set<number>();
  let [greatest, size] = [0, 0];
  const apart = (row: number, other: number): number => {
    let most = 0;
    for (let k = 0; k < DETECTION; k++) {
      most = Math.max(most, gapOf(want[row * DETECTION + k]!, got[other * DETECTION + k]!));
    }
    return most;
  };
  const score = (row: number): number => want[row * DETECTION + SCORE]!;
  const isTied = (row: number, other: number): boolean =>
    Math.abs(score(row) - score(other)) <= EQUAL * Math.abs(score(row));
  for (let row = 0; row < count; row++) {
    let from = row;
    while (from > 0 && isTied(row, from - 1)) from--;
    let best = { row: -1, gap: Number.POSITIVE_INFINITY };
    for (let other = from; other < count && (other <= row || isTied(row, other)); other++) {
      if (taken.has(other)) continue;
      const gap = apart(row, other);
      if (best.row < 0 || gap < best.gap) best = { row: other, gap };
    }
    taken.add(best.row);
    greatest = Math.max(greatest, best.gap);
    for (let k = 0; k < DETECTION; k++) {
      size = Math.max(size, sizeOf(want[row * DETECTION + k]!));
    }
  }
  return { greatest, size };
}
