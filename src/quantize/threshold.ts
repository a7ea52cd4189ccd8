import type { Spread } from "./spread.ts";

/** How the greatest magnitude is chosen that bytes stand for; what lies beyond becomes that. */
export type Method = "minmax" | "percentile" | "entropy";

/** What `--method` may say. */
export const methods: readonly Method[] = ["minmax", "percentile", "entropy"];

/**
 * The magnitude that the last byte is to stand for; 0 where all values are 0.
 *
 * - minmax: the greatest there was
 * - percentile: one that so many percent of the values do not exceed
 * - entropy: the one at which the distribution of the bytes tells most of that of the values (least Kullback–Leibler divergence)
 *
 * @param levels how many bytes there are from 0 to the last
 * @see Migacz, 8-bit inference with TensorRT, GTC 2017
 */
export function thresholdOf(
  spread: Spread,
  method: Method,
  percentile: number,
  levels: number,
): number {
  const { greatest } = spread;
  if (method === "minmax" || greatest === 0) return greatest;
  const bin = method === "percentile" ? binAt(spread, percentile) : leastDivergent(spread, levels);
  return Math.min(greatest, (bin + 1) * spread.width);
}

/** The bin at which so many percent of the values are reached. */
function binAt({ bins, count }: Spread, percentile: number): number {
  let seen = 0;
  for (let i = 0; i < bins.length; i++) {
    seen += bins[i] as number;
    if (seen >= (count * percentile) / 100) return i;
  }
  return bins.length - 1;
}

function leastDivergent({ bins }: Spread, levels: number): number {
  const last = bins.findLastIndex((count) => count > 0);
  let best = last;
  let least = Number.POSITIVE_INFINITY;
  let beyond = 0;
  const tails = new Float64Array(last + 2);
  for (let i = last; i >= 0; i--) {
    beyond += bins[i] as number;
    tails[i] = beyond;
  }
  for (let end = last + 1; end >= levels; end--) {
    const found = divergence(bins, end, tails[end] ?? 0, levels);
    if (found < least) {
      least = found;
      best = end - 1;
    }
  }
  return best;
}

/** Σ p·log(p / q) of the first `end` bins, what lies beyond in the last, and of the same in so many levels. */
function divergence(bins: Float64Array, end: number, beyond: number, levels: number): number {
  let kept = 0;
  for (let i = 0; i < end; i++) kept += bins[i] as number;
  const total = kept + beyond;
  let sum = 0;
  for (let level = 0; level < levels; level++) {
    const from = Math.floor((level * end) / levels);
    const to = Math.floor(((level + 1) * end) / levels);
    let [inLevel, filled] = [0, 0];
    for (let i = from; i < to; i++) {
      inLevel += bins[i] as number;
      if (bins[i] !== 0) filled++;
    }
    for (let i = from; i < to; i++) {
      const p = ((bins[i] as number) + (i === end - 1 ? beyond : 0)) / total;
      if (p === 0) continue;
      // A level's values lie evenly over its bins that hold any.
      const q = filled > 0 ? inLevel / filled / kept : 0;
      sum += p * Math.log(p / Math.max(q, 1e-12));
    }
  }
  return sum;
}
