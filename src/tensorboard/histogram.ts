import { numberSpread } from "../util/number-spread.ts";
import type { TensorBoardMessage } from "./message.ts";

/** Buckets of equal width; TensorBoard draws fewer. */
const BUCKETS = 64;

/** How numbers are spread. What is no number, or infinite, lies in no bucket. */
export function histogramOf(values: ArrayLike<number>): TensorBoardMessage<"HistogramProto"> {
  const { min, max, finite: num, sum, squares, bins } = numberSpread(values, BUCKETS);
  const facts = { min, max, num, sum, sum_squares: squares };
  if (min === max) return { ...facts, bucket_limit: [max], bucket: [num] };
  const width = (max - min) / BUCKETS;
  const limits = bins.map((_, i) => (i === BUCKETS - 1 ? max : min + (i + 1) * width));
  return { ...facts, bucket_limit: limits, bucket: bins };
}
