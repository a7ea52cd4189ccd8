import type { FloatArray } from "../../util/arrays.ts";

/**
 * Adds numbers up over all processes that have a part of the same batch; each calls it with as many, at the same moment. The
 * first number is how many elements a channel has.
 */
export type Join = (sums: Float64Array) => void;

/**
 * Makes mean and variance (C) of a part of a batch those of the whole batch, by sums of m, m·mean and m·(variance + mean²).
 * @param m elements of a channel in this part
 */
export function joinStatistics(
  join: Join,
  m: number,
  mean: FloatArray,
  variance: FloatArray,
): void {
  const c = mean.length;
  const sums = new Float64Array(1 + 2 * c);
  sums[0] = m;
  for (let i = 0; i < c; i++) {
    const mu = mean[i] as number;
    sums[1 + i] = m * mu;
    sums[1 + c + i] = m * ((variance[i] as number) + mu * mu);
  }
  join(sums);
  const all = sums[0];
  for (let i = 0; i < c; i++) {
    const mu = (sums[1 + i] as number) / all;
    mean[i] = mu;
    // Rounding may bring it below 0 where all elements are alike; NaN stays.
    variance[i] = Math.max((sums[1 + c + i] as number) / all - mu * mu, 0);
  }
}

/** Makes of two sums for each channel over a part of a batch the means over the whole batch. */
export function joinMeans(join: Join, m: number, first: FloatArray, second: FloatArray): void {
  const c = first.length;
  const sums = new Float64Array(1 + 2 * c);
  sums[0] = m;
  sums.set(first, 1);
  sums.set(second, 1 + c);
  join(sums);
  const all = sums[0];
  for (let i = 0; i < c; i++) {
    first[i] = (sums[1 + i] as number) / all;
    second[i] = (sums[1 + c + i] as number) / all;
  }
}
