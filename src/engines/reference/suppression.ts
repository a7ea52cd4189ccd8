import type { FloatArray } from "../../util/arrays.ts";
import { byScore } from "../by-score.ts";
import type { ClassSuppression, Suppression } from "../engine.ts";

const { fround, max, min } = Math;

/** Boxes by their edges and areas: those that stay, one behind the other. */
interface Kept {
  readonly x0: FloatArray;
  readonly y0: FloatArray;
  readonly x1: FloatArray;
  readonly y1: FloatArray;
  readonly area: FloatArray;
}

/** Suppression in plain loops. */
export function referenceSuppress(boxes: FloatArray, d: Suppression): Int32Array {
  const { most = Number.POSITIVE_INFINITY, eta = 1 } = d;
  const count = Math.floor(boxes.length / 4);
  const list = (): FloatArray => new Float64Array(max(0, min(count, Math.ceil(most))));
  const kept: Kept = { x0: list(), y0: list(), x1: list(), y1: list(), area: list() };
  const numbers = new Int32Array(kept.area.length);
  const goes = { edges: overlapsByEdges, pixels: overlapsByPixels, centers: overlapsByCenters }[
    d.boxes
  ];
  let limit = fround(d.threshold);
  let [all, size] = [0, 0];
  for (let i = 0; i < count && all < numbers.length; i++) {
    put(boxes, i, d.boxes, kept, size);
    if (!isAlone(boxes, i, d)) {
      if (goes(kept, size, limit)) continue;
      size++;
    }
    numbers[all++] = i;
    if (d.boxes === "edges" && eta < 1 && limit > 0.5) limit = fround(limit * eta);
  }
  return numbers.slice(0, all);
}

/** Suppression class by class. */
export function referenceSuppressClasses(
  scores: Float32Array,
  boxes: Float32Array,
  d: ClassSuppression,
): Int32Array {
  const { images, priors, classes } = d;
  const kinds = d.hasOwnBoxes ? classes : 1;
  const [candidates, own] = [new Int32Array(priors), new Float32Array(priors)];
  const found: number[] = [];
  for (let image = 0; image < images; image++) {
    for (let label = 0; label < classes; label++) {
      if (label === d.background) continue;
      let count = 0;
      for (let p = 0; p < priors; p++) {
        own[p] = scores[(image * priors + p) * classes + label]!;
        if (own[p]! > d.least) candidates[count++] = p;
      }
      const best = byScore(candidates.subarray(0, count), own, d.candidates);
      const edges = new Float32Array(4 * best.length);
      best.forEach((p, k) => {
        const at = 4 * ((image * priors + p) * kinds + (d.hasOwnBoxes ? label : 0));
        edges.set(boxes.subarray(at, at + 4), 4 * k);
      });
      for (const k of referenceSuppress(edges, d)) found.push(image, label, best[k]!);
    }
  }
  return Int32Array.from(found);
}

/** Whether box `i` can overlap no other by too much: it has no area, or of "centers" one that is not finite. */
function isAlone(boxes: FloatArray, i: number, d: Suppression): boolean {
  const [x, y, z, w] = [boxes[4 * i]!, boxes[4 * i + 1]!, boxes[4 * i + 2]!, boxes[4 * i + 3]!];
  if (d.boxes === "edges") return !(z > x && w > y);
  if (d.boxes === "pixels") return false;
  return d.threshold > 0 && (z === 0 || w === 0 || !Number.isFinite(fround(z * w)));
}

/** Puts box `i` at `at`, behind those that stay. */
function put(
  boxes: FloatArray,
  i: number,
  told: Suppression["boxes"],
  { x0, y0, x1, y1, area }: Kept,
  at: number,
): void {
  const [a, b, c, d] = [boxes[4 * i]!, boxes[4 * i + 1]!, boxes[4 * i + 2]!, boxes[4 * i + 3]!];
  if (told === "centers") {
    const [halfWidth, halfHeight] = [fround(c / 2), fround(d / 2)];
    x0[at] = fround(a - halfWidth);
    x1[at] = fround(a + halfWidth);
    y0[at] = fround(b - halfHeight);
    y1[at] = fround(b + halfHeight);
    area[at] = fround(c * d);
    return;
  }
  [x0[at], y0[at], x1[at], y1[at]] = [a, b, c, d];
  if (told === "pixels") area[at] = fround(extent(a, c) * extent(b, d));
  else area[at] = c < a || d < b ? 0 : fround(fround(c - a) * fround(d - b));
}

/** How many pixels from one edge to the other. */
function extent(from: number, to: number): number {
  return fround(fround(to - from) + 1);
}

/** Whether the box at `size` overlaps one before it by more than the limit. */
function overlapsByEdges({ x0, y0, x1, y1, area }: Kept, size: number, limit: number): boolean {
  const [left, top, right, bottom] = [x0[size]!, y0[size]!, x1[size]!, y1[size]!];
  const own = area[size]!;
  for (let k = 0; k < size; k++) {
    const width = fround(min(right, x1[k]!) - max(left, x0[k]!));
    if (!(width > 0)) continue;
    const height = fround(min(bottom, y1[k]!) - max(top, y0[k]!));
    if (!(height > 0)) continue;
    const shared = fround(width * height);
    if (!(fround(shared / fround(fround(own + area[k]!) - shared)) <= limit)) return true;
  }
  return false;
}

/** The same of boxes of pixels. */
function overlapsByPixels({ x0, y0, x1, y1, area }: Kept, size: number, limit: number): boolean {
  const [left, top, right, bottom] = [x0[size]!, y0[size]!, x1[size]!, y1[size]!];
  const own = area[size]!;
  for (let k = 0; k < size; k++) {
    const width = max(0, extent(max(left, x0[k]!), min(right, x1[k]!)));
    const height = max(0, extent(max(top, y0[k]!), min(bottom, y1[k]!)));
    const shared = fround(width * height);
    if (!(fround(shared / fround(fround(own + area[k]!) - shared)) <= limit)) return true;
  }
  return false;
}

/** The same of boxes by their middles: whether it overlaps one by as much as the limit. */
function overlapsByCenters({ x0, y0, x1, y1, area }: Kept, size: number, limit: number): boolean {
  const [left, top, right, bottom] = [x0[size]!, y0[size]!, x1[size]!, y1[size]!];
  const own = area[size]!;
  for (let k = 0; k < size; k++) {
    const width = fround(min(right, x1[k]!) - max(left, x0[k]!));
    const height = fround(min(bottom, y1[k]!) - max(top, y0[k]!));
    const shared = width < 0 || height < 0 ? 0 : fround(width * height);
    if (fround(shared / fround(fround(own + area[k]!) - shared)) >= limit) return true;
  }
  return false;
}
