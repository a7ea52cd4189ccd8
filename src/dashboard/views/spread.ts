import { eventNumber } from "../../run-record/events.ts";
import type { Spread } from "../api.ts";
import type { ArraySample } from "../live/array-sample.ts";

const BINS = 32;

/** How elements of an array are spread. */
export function spreadOf({ count, values }: ArraySample): Spread {
  let [min, max, sum, squares, finite, zeros] = [
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    0,
    0,
    0,
    0,
  ];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    finite++;
    sum += value;
    squares += value * value;
    if (value < min) min = value;
    if (value > max) max = value;
    if (value === 0) zeros++;
  }
  const bins: number[] = new Array(BINS).fill(0);
  const width = (max - min) / BINS;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    const bin = width > 0 ? Math.min(BINS - 1, Math.floor((value - min) / width)) : 0;
    bins[bin] = (bins[bin] ?? 0) + 1;
  }
  const mean = sum / finite;
  return {
    ...{ count, looked: values.length, bad: values.length - finite, zeros, bins },
    min: eventNumber(finite > 0 ? min : Number.NaN),
    max: eventNumber(finite > 0 ? max : Number.NaN),
    mean: eventNumber(mean),
    std: eventNumber(Math.sqrt(Math.max(0, squares / finite - mean * mean))),
  };
}
