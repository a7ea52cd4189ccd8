import { areaOf, type Box, overlapOf } from "../../util/box.ts";
import { crossesBoundary } from "./boxes.ts";
import type { Truth } from "./ground-truth.ts";

/** No object belongs to it. */
export const UNMATCHED = -1;
/** It counts neither as an object nor as background. */
const IGNORED = -2;

/** What belongs to each of some boxes: the number of an object, or one of the above; and its greatest overlap. */
export interface Matches {
  readonly indices: Int32Array<ArrayBuffer>;
  readonly overlaps: Float32Array<ArrayBuffer>;
}

/** How boxes and objects are matched. */
interface MatchOptions {
  /** Only objects of this label; all of them where it is undefined. */
  readonly label?: number | undefined;
  /** Whether, after each object has its best box, every other box takes the object that it overlaps most. */
  readonly perPrediction: boolean;
  /** The least overlap for that. */
  readonly threshold: number;
  /** Whether boxes that reach beyond the image are left out. */
  readonly ignoresCrossing: boolean;
}

/** Less is no overlap. */
const LEAST = 1e-6;

/**
 * Matches boxes with objects: first, as long as there are any, the pair that overlaps most, of a box and an object that
 * have none yet; then, with perPrediction, the others. Of equal overlaps the first counts.
 */
export function matchBoxes(
  truths: readonly Truth[],
  boxes: readonly Box[],
  options: MatchOptions,
): Matches {
  const indices = new Int32Array(boxes.length).fill(UNMATCHED);
  const overlaps = new Float32Array(boxes.length);
  const pool = truths.flatMap(({ label }, g) =>
    options.label === undefined || options.label === label ? [g] : [],
  );
  if (pool.length === 0) return { indices, overlaps };
  const areas = truths.map(({ box }) => areaOf(box));
  /** The overlap of box b and the object pool[g] is at b · pool.length + g. */
  const each = new Float32Array(boxes.length * pool.length);
  boxes.forEach((box, b) => {
    if (options.ignoresCrossing && crossesBoundary(box)) {
      indices[b] = IGNORED;
      return;
    }
    const area = areaOf(box);
    pool.forEach((g, k) => {
      const overlap = overlapOf(box, truths[g]!.box, area, areas[g]);
      if (!(overlap > LEAST)) return;
      each[b * pool.length + k] = overlap;
      overlaps[b] = Math.max(overlaps[b]!, overlap);
    });
  });
  matchBest(pool, each, indices, overlaps);
  if (!options.perPrediction) return { indices, overlaps };
  const threshold = Math.fround(options.threshold);
  for (let b = 0; b < boxes.length; b++) {
    if (indices[b] !== UNMATCHED) continue;
    let most = 0;
    pool.forEach((g, k) => {
      const overlap = each[b * pool.length + k]!;
      if (overlap < threshold || !(overlap > most)) return;
      most = overlap;
      indices[b] = g;
    });
    if (indices[b] !== UNMATCHED) overlaps[b] = most;
  }
  return { indices, overlaps };
}

/** Gives each object, the greatest overlap first, a box of its own. */
function matchBest(
  pool: readonly number[],
  each: Float32Array,
  indices: Int32Array,
  overlaps: Float32Array,
): void {
  const open = new Set(pool.keys());
  while (open.size > 0) {
    let [most, box, object] = [0, -1, -1];
    for (let b = 0; b < indices.length; b++) {
      if (indices[b] !== UNMATCHED) continue;
      for (const k of open) {
        const overlap = each[b * pool.length + k]!;
        if (overlap > most) [most, box, object] = [overlap, b, k];
      }
    }
    if (box === -1) return;
    indices[box] = pool[object]!;
    overlaps[box] = most;
    open.delete(object);
  }
}
