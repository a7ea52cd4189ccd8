import { eventNumber } from "../../run-record/events.ts";
import { numberSpread } from "../../util/number-spread.ts";
import type { Spread } from "../api.ts";
import type { ArraySample } from "../live/array-sample.ts";

const BINS = 32;

/** How elements of an array are spread. */
export function spreadOf({ count, values }: ArraySample): Spread {
  const { finite, zeros, min, max, sum, squares, bins } = numberSpread(values, BINS);
  const mean = sum / finite;
  return {
    ...{ count, looked: values.length, bad: values.length - finite, zeros, bins },
    min: eventNumber(finite > 0 ? min : Number.NaN),
    max: eventNumber(finite > 0 ? max : Number.NaN),
    mean: eventNumber(mean),
    std: eventNumber(Math.sqrt(Math.max(0, squares / finite - mean * mean))),
  };
}
