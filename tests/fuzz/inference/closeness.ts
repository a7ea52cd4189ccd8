/** From here on a sum may overflow where a rounded one does not. */
const LARGE = 1e37;

type Numbers = ArrayLike<number>;

/**
 * The first number that is another than it should be, by more than rounding makes of sums whose terms are up to the largest.
 * @param isTainted something that was computed before is no number: by Winograd's algorithm its neighbours are none either
 */
export function firstWrong(
  got: Numbers,
  wanted: Numbers,
  largest: number,
  isTainted = false,
): number {
  return Array.from(wanted).findIndex((right, i) => {
    const is = got[i] as number;
    // NaN and the infinities may become one another, as factors are multiplied first or last, but never a number.
    if (!Number.isFinite(right)) return Number.isFinite(is) && Math.abs(is) < LARGE;
    if (!Number.isFinite(is)) return !isTainted && Math.abs(right) < LARGE;
    return Math.abs(is - right) > 3e-5 * largest + 2e-5 * Math.abs(right) + 1e-6;
  });
}

/** The largest of numbers that are some. */
export function largestOf(values: Numbers): number {
  return Array.from(values).reduce(
    (most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most),
    0,
  );
}

/** How far numbers are from others at the most. */
export function farthest(values: Numbers, others: Numbers): number {
  return Array.from(values).reduce(
    (most, x, i) => Math.max(most, Math.abs(x - (others[i] as number))),
    0,
  );
}

/** How far numbers are from others, relative to these, squared and added up. */
export function distance(values: Numbers, others: Numbers): number {
  const error = Array.from(values).reduce((sum, x, i) => sum + (x - (others[i] as number)) ** 2, 0);
  const size = Array.from(others).reduce((sum, x) => sum + x ** 2, 0);
  return Math.sqrt(error / Math.max(1e-20, size));
}
