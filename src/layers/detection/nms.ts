import { referenceSuppress } from "../../engines/reference/suppression.ts";
import { areaOf, type Box } from "../../util/box.ts";

/**
 * Non-maximum suppression by an overlap of one's own: of the candidates, the best first, each stays that overlaps none
 * that stays by more than the threshold, until `most` do.
 */
export function suppressBy(
  candidates: readonly number[],
  overlap: (kept: number, candidate: number) => number,
  threshold: number,
  most: number = Number.POSITIVE_INFINITY,
): number[] {
  const limit = Math.fround(threshold);
  const kept: number[] = [];
  for (const index of candidates) {
    if (kept.length >= most) break;
    if (!kept.some((other) => overlap(other, index) > limit)) kept.push(index);
  }
  return kept;
}

/** A box of less area is too small to be mined. */
const SMALL = 1e-5;

/** Suppression among the `most` best candidates that have an area. */
export function suppressBig(
  candidates: readonly number[],
  boxes: readonly Box[],
  threshold: number,
  most: number,
): number[] {
  const best = most > -1 ? candidates.slice(0, most) : candidates;
  const big = best.filter((index) => !(areaOf(boxes[index]!) < SMALL));
  const own = Float32Array.from(big.flatMap((index) => boxes[index]!));
  return Array.from(referenceSuppress(own, { boxes: "edges", threshold }), (k) => big[k]!);
}
