import type { FloatArray } from "../../util/arrays.ts";

/**
 * Counts which class every position is of, and which it is taken for: that of its greatest score, the last of several equal ones.
 *
 * @param scores N×C×…, whose positions are `inner` a sample; labels: one for each position
 * @param counts C×C, added to: places of class k that are taken for class l, at k · C + l
 * @param isCounted says whether a position counts; only classes may
 */
export function countConfusion(
  scores: FloatArray,
  labels: FloatArray,
  inner: number,
  counts: Float64Array,
  isCounted: (label: number, position: number) => boolean,
): void {
  const classes = Math.sqrt(counts.length);
  for (let i = 0; i < labels.length; i++) {
    const actual = Math.trunc(labels[i]!);
    if (!isCounted(actual, i)) continue;
    const sample = Math.floor(i / inner);
    const first = sample * classes * inner + (i - sample * inner);
    let best = 0;
    for (let c = 1; c < classes; c++) {
      if (scores[first + c * inner]! >= scores[first + best * inner]!) best = c;
    }
    counts[actual * classes + best]!++;
  }
}
