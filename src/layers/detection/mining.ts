import { byScore } from "../../engines/by-score.ts";
import type { Box } from "../../util/box.ts";
import { type Matches, UNMATCHED } from "./matching.ts";
import { suppressBig } from "./nms.ts";

/** How hard priors are chosen. */
interface MiningOptions {
  /** How many are taken of all priors, those of objects among them; background alone is mined where it is undefined. */
  readonly most: number | undefined;
  /** Background overlaps objects by less. */
  readonly overlap: number;
  /** How much background there is to each object. */
  readonly ratio: number;
  /** What hard priors may overlap by, and how many are looked at. */
  readonly suppression?: {
    readonly threshold: number;
    readonly most: number;
    readonly boxes: () => readonly Box[];
  };
}

/**
 * Chooses the priors of the greatest losses, and gives those that learn background. Where objects are mined too, those
 * that are not chosen are taken from their priors.
 */
export function mine(
  { indices, overlaps }: Matches,
  losses: ArrayLike<number>,
  { most, overlap, ratio, suppression }: MiningOptions,
): readonly number[] {
  const candidates: number[] = [];
  let objects = 0;
  for (let p = 0; p < indices.length; p++) {
    if (indices[p]! > UNMATCHED) objects++;
    const isBackground = indices[p] === UNMATCHED && overlaps[p]! < Math.fround(overlap);
    if (most !== undefined || isBackground) candidates.push(p);
  }
  const wanted = most ?? Math.trunc(Math.fround(objects * Math.fround(ratio)));
  let worst = byScore(candidates, losses);
  if (suppression) {
    worst = suppressBig(worst, suppression.boxes(), suppression.threshold, suppression.most);
  }
  const mined = new Set(worst.slice(0, wanted));
  const negatives: number[] = [];
  for (let p = 0; p < indices.length; p++) {
    if (indices[p] === UNMATCHED && mined.has(p)) negatives.push(p);
    else if (indices[p]! > UNMATCHED && most !== undefined && !mined.has(p)) indices[p] = UNMATCHED;
  }
  return negatives;
}
