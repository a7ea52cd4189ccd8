/** How the finite ones of some numbers are spread. */
interface NumberSpread {
  /** How many are finite, and how many are 0. */
  readonly finite: number;
  readonly zeros: number;
  /** 0 where none is finite. */
  readonly min: number;
  readonly max: number;
  readonly sum: number;
  readonly squares: number;
  /** How many lie in each of so many parts of equal width from `min` to `max`; in the first where all are equal. */
  readonly bins: number[];
}

/** Counts how numbers are spread over `count` bins. */
export function numberSpread(values: ArrayLike<number>, count: number): NumberSpread {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let [finite, zeros, sum, squares] = [0, 0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) continue;
    if (value < min) min = value;
    if (value > max) max = value;
    if (value === 0) zeros++;
    finite++;
    sum += value;
    squares += value * value;
  }
  if (finite === 0) [min, max] = [0, 0];
  const bins = new Array<number>(count).fill(0);
  const scale = max > min ? count / (max - min) : 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) continue;
    const at = Math.min(count - 1, Math.floor((value - min) * scale));
    bins[at] = (bins[at] as number) + 1;
  }
  return { finite, zeros, min, max, sum, squares, bins };
}
