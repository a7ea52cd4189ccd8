import type { TensorBoardMessage } from "./message.ts";

/** Buckets of equal width; TensorBoard draws fewer. */
const BUCKETS = 64;

/** How numbers are spread. What is no number, or infinite, lies in no bucket. */
export function histogramOf(values: ArrayLike<number>): TensorBoardMessage<"HistogramProto"> {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let [num, sum, squares] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) continue;
    if (value < min) min = value;
    if (value > max) max = value;
    num++;
    sum += value;
    squares += value * value;
  }
  if (num === 0) [min, max] = [0, 0];
  const facts = { min, max, num, sum, sum_squares: squares };
  if (min === max) return { ...facts, bucket_limit: [max], bucket: [num] };
  const buckets = new Array<number>(BUCKETS).fill(0);
  const scale = BUCKETS / (max - min);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) continue;
    const at = Math.min(BUCKETS - 1, Math.floor((value - min) * scale));
    buckets[at] = (buckets[at] as number) + 1;
  }
  const limits = buckets.map((_, i) => (i === BUCKETS - 1 ? max : min + (i + 1) / scale));
  return { ...facts, bucket_limit: limits, bucket: buckets };
}
