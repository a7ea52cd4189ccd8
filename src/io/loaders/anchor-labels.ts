import type { FloatArray } from "../../util/arrays.ts";
import type { Box, ListedObject } from "../lists/object-file.ts";

/** A map of anchors: one for each `stride` pixels, of that size. */
export interface AnchorMap {
  readonly stride: number;
  readonly width: number;
  readonly height: number;
}

/** When an anchor is of an object, and when nothing is learnt of it. */
export interface AnchorRules {
  /** Pixels by which a box is wider than its corners are apart: 0 (MS-CNN) or 1 (Cascade R-CNN). */
  readonly edge: 0 | 1;
  /** An anchor is of the object that it overlaps most, if by more than this. */
  readonly foreground: number;
  /** Nothing is learnt of anchors of which regions of no interest cover such a share. */
  readonly region: number;
  /** An object that is no anchor's gets the one at its middle, of the map that it overlaps most, if by this at least. */
  readonly pickup: number;
  /** Anchors may leave the image by this share of half their size at most; undefined for any. */
  readonly margin?: number | undefined;
  /** Such a share of an anchor must lie in the image. */
  readonly inside?: number | undefined;
}

/** What an anchor's labels are: class, middle, width, height, overlap. */
export const ANCHOR_LABELS = 6;

/** Where the image lies in the input. */
interface Covered {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Rows or columns of a map over so many pixels. */
export function mapLength(pixels: number, stride: number): number {
  return Math.round(pixels / stride);
}

/** The maps of one image, to be written: each 6×height×width, all 0. */
interface MapMemory {
  readonly map: AnchorMap;
  readonly height: number;
  readonly width: number;
  readonly out: FloatArray;
}

/**
 * Labels every anchor: [class, x, y, width, height] of the object that it is of, class 0 where that is ignored, and how
 * much it overlaps the one that it overlaps most; 1, with class 0, where nothing is to be learnt of it.
 */
export function labelAnchors(
  maps: readonly MapMemory[],
  objects: readonly ListedObject[],
  regions: readonly Box[],
  covered: Covered,
  rules: AnchorRules,
): void {
  const matches = objects.map(() => ({ count: 0, best: 0, map: 0 }));
  for (const [m, memory] of maps.entries()) {
    const { out, height, width, map } = memory;
    const size = height * width;
    const overlaps = 5 * size;
    const covers = inMap(covered, map.stride);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const at = y * width + x;
        const anchor = anchorAt(map, x, y);
        const isOut = x < covers.left || x >= covers.right || y < covers.top || y >= covers.bottom;
        if (isOut || leaves(anchor, covered, rules)) {
          out[overlaps + at] = 1;
          continue;
        }
        let share = 0;
        for (const region of regions) share += shareOf(anchor, region, rules.edge);
        if (rules.edge === 0 && share >= rules.region) {
          out[overlaps + at] = 1;
          continue;
        }
        let [most, own] = [0, -1];
        for (const [i, object] of objects.entries()) {
          const overlap = overlapOf(object, anchor, rules.edge);
          if (overlap > most) [most, own] = [overlap, i];
          const match = matches[i];
          if (match && overlap > match.best) Object.assign(match, { best: overlap, map: m });
        }
        const object = objects[own];
        const isRegion = rules.edge === 1 && share >= rules.region;
        if (object && most > rules.foreground) {
          writeObject(out, at, size, object, rules.edge);
          const match = matches[own];
          if (match) match.count++;
          out[overlaps + at] = most;
        } else out[overlaps + at] = isRegion ? 1 : most;
      }
    }
  }
  for (const [i, object] of objects.entries()) {
    const match = matches[i];
    const memory = maps[match?.map ?? 0];
    if (!match || !memory || object.isIgnored || match.count > 0) continue;
    // Without an overlap there is no map to choose.
    if (match.best < rules.pickup || match.best === 0) continue;
    const { out, height, width, map } = memory;
    const place = (middle: number, length: number): number =>
      Math.min(Math.max(Math.floor(middle / map.stride), 0), length - 1);
    const row = place((object.y1 + object.y2) / 2, height);
    const at = row * width + place((object.x1 + object.x2) / 2, width);
    if ((out[at] ?? 0) > 0) continue;
    writeObject(out, at, height * width, object, rules.edge);
    if (rules.edge === 1) out[5 * height * width + at] = match.best;
  }
}

function writeObject(
  out: FloatArray,
  at: number,
  size: number,
  { label, isIgnored, x1, y1, x2, y2 }: ListedObject,
  edge: number,
): void {
  out[at] = isIgnored ? 0 : label;
  out[at + size] = (x1 + x2) / 2;
  out[at + 2 * size] = (y1 + y2) / 2;
  out[at + 3 * size] = x2 - x1 + edge;
  out[at + 4 * size] = y2 - y1 + edge;
}

function anchorAt({ stride, width, height }: AnchorMap, column: number, row: number): Box {
  const [x, y] = [(column + 0.5) * stride, (row + 0.5) * stride];
  return { x1: x - width / 2, y1: y - height / 2, x2: x + width / 2, y2: y + height / 2 };
}

/** The columns and rows of a map that the image covers. */
function inMap(
  { left, top, width, height }: Covered,
  stride: number,
): {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
} {
  const at = (pixels: number): number => mapLength(pixels, stride);
  return {
    left: at(left),
    right: at(left) + at(width),
    top: at(top),
    bottom: at(top) + at(height),
  };
}

function leaves(
  anchor: Box,
  { left, top, width, height }: Covered,
  { margin, inside, edge }: AnchorRules,
): boolean {
  const image = { x1: left, y1: top, x2: left + width, y2: top + height };
  if (margin !== undefined) {
    const [x, y] = [(margin * (anchor.x2 - anchor.x1)) / 2, (margin * (anchor.y2 - anchor.y1)) / 2];
    return (
      anchor.x1 < image.x1 - x ||
      anchor.x2 >= image.x2 + x ||
      anchor.y1 < image.y1 - y ||
      anchor.y2 >= image.y2 + y
    );
  }
  return inside !== undefined && shareOf(anchor, image, edge) < inside;
}

function area({ x1, y1, x2, y2 }: Box, edge: number): number {
  return isBox({ x1, y1, x2, y2 }, edge) ? (x2 - x1 + edge) * (y2 - y1 + edge) : 0;
}

/** With an edge of 1 a box of one pixel is a box; without, its sides have to be above 0. */
function isBox({ x1, y1, x2, y2 }: Box, edge: number): boolean {
  return edge === 1 ? x2 >= x1 && y2 >= y1 : x2 > x1 && y2 > y1;
}

function common(a: Box, b: Box, edge: number): number {
  if (!isBox(a, edge) || !isBox(b, edge)) return 0;
  const width = Math.min(a.x2, b.x2) - Math.max(a.x1, b.x1);
  const height = Math.min(a.y2, b.y2) - Math.max(a.y1, b.y1);
  // As there: with an edge of 1 rectangles that touch above each other have nothing in common.
  const isApart = edge === 1 ? width < 0 || height <= 0 : width <= 0 || height <= 0;
  return isApart ? 0 : (width + edge) * (height + edge);
}

/** Which share of `a` lies in `b`. */
function shareOf(a: Box, b: Box, edge: number): number {
  const whole = area(a, edge);
  return whole > 0 ? common(a, b, edge) / whole : 0;
}

function overlapOf(a: Box, b: Box, edge: number): number {
  const both = common(a, b, edge);
  const all = area(a, edge) + area(b, edge) - both;
  return all > 0 ? both / all : 0;
}
