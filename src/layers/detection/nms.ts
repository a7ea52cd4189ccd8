import { areaOf, type Box } from "../../util/box.ts";

/** Numbers of items by score, the highest first; equal ones as they stood. NaN comes last. */
export function byScore(indices: readonly number[], scores: ArrayLike<number>): number[] {
  if (scores instanceof Float32Array && indices.length < PLACES) return byBits(indices, scores);
  const key = (i: number): number => {
    const score = scores[i]!;
    return Number.isNaN(score) ? Number.NEGATIVE_INFINITY : score;
  };
  return [...indices].sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    return x === y ? 0 : y > x ? 1 : -1;
  });
}

/** Places in a list that a sort key has room for, beside 32 bits of score. */
const PLACES = 2 ** 21;

/** As `byScore`: the bits of a float32, but for its sign, are in the order of its values, and whole numbers sort fast. */
function byBits(indices: readonly number[], scores: Float32Array): number[] {
  const [value, keys] = [new Float32Array(1), new Float64Array(indices.length)];
  const bits = new Int32Array(value.buffer);
  for (let k = 0; k < keys.length; k++) {
    const score = scores[indices[k]!]!;
    // What is added makes 0 of −0.
    value[0] = Number.isNaN(score) ? Number.NEGATIVE_INFINITY : score + 0;
    const rising = bits[0]! < 0 ? ~bits[0]! : bits[0]! + 2 ** 31;
    keys[k] = (2 ** 32 - rising) * PLACES + k;
  }
  return Array.from(keys.sort(), (key) => indices[key % PLACES]!);
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
  const { fround, max, min } = Math;
  const kept: number[] = [];
  /** The edges of what stays, and its area. */
  const edges = new Float64Array(5 * candidates.length);
  let limit = fround(threshold);
  for (const index of candidates) {
    const box = boxes[index]!;
    const [x0, y0, x1, y1] = box;
    const area = areaOf(box);
    const end = 5 * kept.length;
    let stays = true;
    // As overlapOf has it, without a call and a list for each of very many pairs.
    for (let k = 0; stays && k < end; k += 5) {
      const width = fround(min(x1, edges[k + 2]!) - max(x0, edges[k]!));
      if (!(width > 0)) continue;
      const height = fround(min(y1, edges[k + 3]!) - max(y0, edges[k + 1]!));
      if (!(height > 0)) continue;
      const shared = fround(width * height);
      stays = fround(shared / fround(fround(area + edges[k + 4]!) - shared)) <= limit;
    }
    if (!stays) continue;
    edges.set(box, end);
    edges[end + 4] = area;
    kept.push(index);
    if (eta < 1 && limit > 0.5) limit = fround(limit * eta);
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
  most: number = Number.POSITIVE_INFINITY,
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
