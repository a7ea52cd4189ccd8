import { shuffled } from "../util/shuffled.ts";
import type { Picture, PictureSet } from "./picture.ts";

/** A batch for testing has so many pictures at most, and as many at least, where that can be. */
const [MOST, LEAST] = [64, 16];

/**
 * Splits pictures so that each class has its part in both, drawn by the seed. As few pictures as needed go to the other
 * side so that batches of a common size hold the tested ones exactly.
 *
 * @param part how much is tested with, between 0 and 1
 */
export function splitPictures(
  set: PictureSet,
  part: number,
  seed: number,
): { readonly train: PictureSet; readonly val: PictureSet } {
  const byClass = new Map<string, Picture[]>();
  for (const picture of set.pictures) {
    const own = byClass.get(picture.class);
    if (own) own.push(picture);
    else byClass.set(picture.class, [picture]);
  }
  const drawn = [...byClass].map(([name, pictures]) =>
    Array.from(shuffled(pictures.length, seed, "split", name), (i) => pictures[i] as Picture),
  );
  const counts = drawn.map(({ length }) =>
    Math.min(length - 1, Math.max(1, Math.round(length * part))),
  );
  evenOut(
    counts,
    drawn.map(({ length }) => length),
  );
  const of = (pictures: Picture[]): PictureSet => ({ ...set, pictures });
  return {
    train: of(drawn.flatMap((pictures, k) => pictures.slice(counts[k]))),
    val: of(drawn.flatMap((pictures, k) => pictures.slice(0, counts[k]))),
  };
}

/** Changes counts by one, the largest classes first, until their sum can be made of batches. */
function evenOut(counts: number[], lengths: readonly number[]): void {
  const sum = counts.reduce((all, count) => all + count, 0);
  const bySize = lengths.map((_, k) => k).sort((a, b) => (lengths[b] ?? 0) - (lengths[a] ?? 0));
  for (let more = 0; more <= counts.length; more++) {
    if (!hasBatch(sum + more)) continue;
    for (const k of bySize.slice(0, more)) {
      if ((counts[k] ?? 0) + 1 < (lengths[k] ?? 0)) counts[k] = (counts[k] ?? 0) + 1;
    }
    return;
  }
}

function hasBatch(count: number): boolean {
  return count <= MOST || largestDivisor(count, MOST) >= LEAST;
}

function largestDivisor(count: number, most: number): number {
  for (let size = Math.min(count, most); size > 1; size--) if (count % size === 0) return size;
  return 1;
}

/**
 * The size of the batches that hold so many pictures exactly: the largest divisor that is no larger than usual, or where
 * that would be batches of very few, the smallest beyond.
 *
 * @param most how many memory allows
 */
export function testBatch(count: number, most: number): number {
  const usual = largestDivisor(count, Math.min(MOST, most));
  if (usual >= LEAST) return usual;
  for (let size = MOST + 1; size <= Math.min(count, most, 8 * MOST); size++) {
    if (count % size === 0) return size;
  }
  return usual;
}

/** The set in an order that the seed decides: databases are read in theirs. */
export function mixed(set: PictureSet, seed: number): PictureSet {
  const order = shuffled(set.pictures.length, seed, "order");
  return { ...set, pictures: Array.from(order, (i) => set.pictures[i] as Picture) };
}
