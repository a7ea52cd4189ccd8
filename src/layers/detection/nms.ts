import { areaOf, type Box, overlapOf } from "../../util/box.ts";

/** Numbers of items by score, the highest first; equal ones as they stood. NaN comes last. */
export function byScore(indices: readonly number[], scores: ArrayLike<number>): number[] {
  const key = (i: number): number => {
    const score = scores[i]!;
    return Number.isNaN(score) ? Number.NEGATIVE_INFINITY : score;
  };
  return [...indices].sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    return x === y ? 0 : y > x ? 1 : -1;
  });
}

/**
 * Non-maximum suppression: of boxes in the order of their scores, each stays that overlaps none before it that stays by
 * more than the threshold.
 *
 * @param candidates numbers of boxes, the best first
 * @param eta what the threshold, while it is above 0.5, is multiplied by with each box that stays
 */
export function suppress(
  candidates: readonly number[],
  boxes: readonly Box[],
  threshold: number,
  eta = 1,
): number[] {
  const kept: number[] = [];
  const keptAreas: number[] = [];
  let limit = Math.fround(threshold);
  for (const index of candidates) {
    const box = boxes[index]!;
    const area = areaOf(box);
    let stays = true;
    for (let k = 0; stays && k < kept.length; k++) {
      stays = overlapOf(box, boxes[kept[k]!]!, area, keptAreas[k]) <= limit;
    }
    if (!stays) continue;
    kept.push(index);
    keptAreas.push(area);
    if (eta < 1 && limit > 0.5) limit = Math.fround(limit * eta);
  }
  return kept;
}

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
  return suppress(big, boxes, threshold);
}

/** Suppression of boxes whose edges are both within, until `most` stay. */
export function suppressPixels(
  candidates: readonly number[],
  boxes: readonly Box[],
  threshold: number,
  most: number,
): readonly number[] {
  const { fround } = Math;
  const limit = fround(threshold);
  const extent = (from: number, to: number): number => fround(fround(to - from) + 1);
  const area = ([x0, y0, x1, y1]: Box): number => fround(extent(x0, x1) * extent(y0, y1));
  const kept: number[] = [];
  for (const index of candidates) {
    if (kept.length >= most) break;
    const box = boxes[index]!;
    const stays = kept.every((other) => {
      const best = boxes[other]!;
      const w = Math.max(0, extent(Math.max(best[0], box[0]), Math.min(best[2], box[2])));
      const h = Math.max(0, extent(Math.max(best[1], box[1]), Math.min(best[3], box[3])));
      const shared = fround(w * h);
      return fround(shared / fround(fround(area(best) + area(box)) - shared)) <= limit;
    });
    if (stays) kept.push(index);
  }
  return kept;
}
