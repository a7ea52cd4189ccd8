import type { TestObject } from "../../layers/base/test-counts.ts";
import type { DetectedObject } from "../collect/detected.ts";

/** A record in which something is found that is not there, or is not found. */
export interface MistakenRecord {
  readonly record: number;
  readonly right: readonly DetectedObject[];
  /** The surest first. */
  readonly wrong: readonly DetectedObject[];
  /** Objects that are there and are found. */
  readonly found: readonly TestObject[];
  /** Objects that are there and are not; difficult ones are none of them. */
  readonly missed: readonly TestObject[];
}

/**
 * The records of the surest wrong detections, then those of which most objects are missed, at most so many.
 *
 * @param leastOf the score from which on detections of a class count
 */
export function mistakenRecords(
  detections: readonly DetectedObject[],
  truths: ReadonlyMap<number, readonly TestObject[]>,
  leastOf: (label: number) => number,
  most: number,
): MistakenRecord[] {
  const counted = detections.filter(({ score, label }) => score >= leastOf(label));
  const byRecord = new Map<number, DetectedObject[]>();
  for (const one of counted) {
    const own = byRecord.get(one.record) ?? [];
    byRecord.set(one.record, own);
    own.push(one);
  }
  const records = new Set([...truths.keys(), ...byRecord.keys()]);
  const mistaken = [...records].flatMap((record): MistakenRecord[] => {
    const own = (byRecord.get(record) ?? []).toSorted((a, b) => b.score - a.score);
    const right = own.filter(({ isRight }) => isRight);
    const wrong = own.filter(({ isRight }) => isRight === false);
    const seen = new Set(right.map(({ object }) => object));
    const objects = truths.get(record) ?? [];
    const missed = objects.filter((one) => !seen.has(one) && !one.isDifficult);
    const found = objects.filter((one) => !missed.includes(one));
    return wrong.length + missed.length > 0 ? [{ record, right, wrong, found, missed }] : [];
  });
  const surest = ({ wrong }: MistakenRecord): number => wrong[0]?.score ?? Number.NEGATIVE_INFINITY;
  return mistaken
    .toSorted((a, b) => {
      if (surest(a) !== surest(b)) return surest(b) - surest(a);
      return b.missed.length - a.missed.length || a.record - b.record;
    })
    .slice(0, most);
}
