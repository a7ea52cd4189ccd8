import type { NdArray } from "../../util/nd-array.ts";
import { countOf } from "../../util/shape.ts";

/** The shape of a mean image as K×H×W: H×W is of one channel, and an axis of 1 in front (files have N) goes. */
export function meanShape(shape: readonly number[]): readonly number[] {
  if (shape.length === 2) return [1, ...shape];
  return shape.length === 4 && shape[0] === 1 ? shape.slice(1) : shape;
}

/** The mean of each channel of a mean image K×H×W: what fits inputs of every size. */
export function channelMeans({ shape, data }: NdArray): number[] {
  const size = countOf(shape, 1);
  return Array.from({ length: shape[0] ?? 0 }, (_, c) => {
    let sum = 0;
    for (let i = c * size; i < (c + 1) * size; i++) sum += data[i] ?? 0;
    return sum / size;
  });
}
