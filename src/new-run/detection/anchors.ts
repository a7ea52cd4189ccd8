import { recordsOf } from "../../io/db/records.ts";
import type { Anchor } from "../yolo-net.ts";

/** Rounds after which boxes that still change their anchor are left alone. */
const MOST_ROUNDS = 100;

/**
 * The boxes of a database's objects.
 * @throws FileError, FormatError where it is damaged
 */
export function boxesIn(database: string): Anchor[] {
  return [...recordsOf(database)].flatMap(({ groups = [] }) =>
    groups.flatMap(({ annotations }) =>
      annotations.map(({ box: [x0, y0, x1, y1] }): Anchor => [x1 - x0, y1 - y0]),
    ),
  );
}

/**
 * Boxes for a YOLO to begin from, the smallest first: the middles of k-means, in which the distance is 1 − the overlap of two boxes
 * with one corner. It begins with boxes at even steps of their area, so that it gives the same each time.
 *
 * @see Redmon & Farhadi, YOLO9000: better, faster, stronger, CVPR 2017, "Dimension Clusters"
 */
export function anchorsOf(boxes: readonly Anchor[], count: number): Anchor[] {
  const area = ([width, height]: Anchor): number => width * height;
  const sorted = boxes.filter((box) => area(box) > 0).sort((a, b) => area(a) - area(b));
  let anchors = Array.from(
    { length: count },
    (_, k): Anchor => sorted[Math.floor(((k + 0.5) * sorted.length) / count)] ?? [0.5, 0.5],
  );
  let nearest: number[] = [];
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const next = sorted.map((box) => indexOfMost(anchors.map((anchor) => overlap(box, anchor))));
    if (next.every((k, i) => k === nearest[i])) break;
    nearest = next;
    anchors = anchors.map((anchor, k): Anchor => {
      const own = sorted.filter((_, i) => nearest[i] === k);
      if (own.length === 0) return anchor;
      const mean = (side: 0 | 1): number =>
        own.reduce((sum, box) => sum + box[side], 0) / own.length;
      return [mean(0), mean(1)];
    });
  }
  return anchors.sort((a, b) => area(a) - area(b));
}

/** The overlap of two boxes that share a corner, over the area of both together. */
function overlap([w, h]: Anchor, [anchorW, anchorH]: Anchor): number {
  const both = Math.min(w, anchorW) * Math.min(h, anchorH);
  return both / (w * h + anchorW * anchorH - both);
}

function indexOfMost(values: readonly number[]): number {
  return values.indexOf(Math.max(...values));
}
