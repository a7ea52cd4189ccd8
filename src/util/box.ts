// Forks compute boxes in float32, step by step; where an overlap meets a threshold that decides.
const { fround } = Math;

/** A box by its edges: xmin, ymin, xmax, ymax, which may be shares of an image or pixels. */
export type Box = readonly [xmin: number, ymin: number, xmax: number, ymax: number];

/** The area; 0 where an edge lies beyond its opposite. With `inPixels` both edges are within the box. */
export function areaOf([x0, y0, x1, y1]: Box, inPixels = false): number {
  if (x1 < x0 || y1 < y0) return 0;
  const pixel = inPixels ? 1 : 0;
  return fround(fround(fround(x1 - x0) + pixel) * fround(fround(y1 - y0) + pixel));
}

/**
 * The area of what two boxes have in common, over that of both together (Jaccard).
 *
 * @param areaA the boxes' areas, where they are known already
 * @param inPixels whether both edges are within what they have in common; then boxes apart share one pixel, as in SSD
 */
export function overlapOf(
  a: Box,
  b: Box,
  areaA: number = areaOf(a),
  areaB: number = areaOf(b),
  inPixels = false,
): number {
  const isApart = b[0] > a[2] || b[2] < a[0] || b[1] > a[3] || b[3] < a[1];
  if (isApart && !inPixels) return 0;
  let width = isApart ? 0 : fround(Math.min(a[2], b[2]) - Math.max(a[0], b[0]));
  let height = isApart ? 0 : fround(Math.min(a[3], b[3]) - Math.max(a[1], b[1]));
  if (inPixels) {
    width = fround(width + 1);
    height = fround(height + 1);
  }
  if (!(width > 0 && height > 0)) return 0;
  const shared = fround(width * height);
  return fround(shared / fround(fround(areaA + areaB) - shared));
}

/** The box with its edges brought within 0 to the ends given. */
export function clipBox([x0, y0, x1, y1]: Box, width = 1, height = 1): Box {
  const within = (edge: number, end: number): number => Math.max(Math.min(edge, end), 0);
  return [within(x0, width), within(y0, height), within(x1, width), within(y1, height)];
}

/** What two boxes have in common; a box without an area at 0 where they are apart. */
export function commonBox(a: Box, b: Box): Box {
  if (b[0] > a[2] || b[2] < a[0] || b[1] > a[3] || b[3] < a[1]) return [0, 0, 0, 0];
  return [Math.max(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.min(a[3], b[3])];
}
