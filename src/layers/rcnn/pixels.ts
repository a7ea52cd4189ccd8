import type { Box } from "../../util/box.ts";

/** The share that two boxes have in common, whose edges are both within; 0 where one is no box. */
export function pixelOverlap(a: Box, b: Box): number {
  const w = Math.min(a[2], b[2]) - Math.max(a[0], b[0]) + 1;
  const h = Math.min(a[3], b[3]) - Math.max(a[1], b[1]) + 1;
  if (!(w > 0 && h > 0)) return 0;
  const area = ([x0, y0, x1, y1]: Box): number => (x1 - x0 + 1) * (y1 - y0 + 1);
  return (w * h) / (area(a) + area(b) - w * h);
}

/** How a box is to be moved and stretched to be the other, as shares of its size and logarithms. */
export function offsetOf(box: Box, truth: Box): readonly number[] {
  const frame = ([x0, y0, x1, y1]: Box): readonly [number, number, number, number] => {
    const [width, height] = [x1 - x0 + 1, y1 - y0 + 1];
    return [x0 + 0.5 * width, y0 + 0.5 * height, width, height];
  };
  const [[x, y, w, h], [tx, ty, tw, th]] = [frame(box), frame(truth)];
  return [(tx - x) / w, (ty - y) / h, Math.log(tw / w), Math.log(th / h)];
}
