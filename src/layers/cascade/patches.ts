import type { Box } from "../../util/box.ts";
import type { Offset } from "./box-scale.ts";

// MS-CNN and Cascade R-CNN compute boxes in float32, step by step.
const { fround, exp, log } = Math;

/** A box by its left upper corner and its size, in pixels. */
export type Patch = readonly [x: number, y: number, width: number, height: number];

/** What an overlap is a share of: both boxes together, the smaller one, the first. */
export type OverlapMode = "IOU" | "IOMU" | "IOFU";

/** Whether a box's last row and column are within it: 1 where they are, as Cascade R-CNN has it, 0 in MS-CNN. */
export type LastPixel = 0 | 1;

/** The mode that a prototxt names; as in the forks, every other word is IOU. */
export function overlapModeOf(name: string): OverlapMode {
  return name === "IOMU" || name === "IOFU" ? name : "IOU";
}

/** The patch from the edges of a box, its last row and column within. */
export function patchOf([x0, y0, x1, y1]: Box): Patch {
  return [x0, y0, fround(fround(x1 - x0) + 1), fround(fround(y1 - y0) + 1)];
}

/** The edges of a patch, its last row and column within. */
export function edgesOf([x, y, width, height]: Patch): Box {
  return [x, y, fround(fround(x + width) - 1), fround(fround(y + height) - 1)];
}

/** The share that two patches have in common. */
export function patchOverlap(
  a: Patch,
  b: Patch,
  last: LastPixel,
  mode: OverlapMode = "IOU",
): number {
  if (!(a[2] > 0 && a[3] > 0 && b[2] > 0 && b[3] > 0)) return 0;
  const along = (axis: 0 | 1): number => {
    const size = axis === 0 ? 2 : 3;
    const end = Math.min(
      fround(fround(a[axis] + a[size]) - last),
      fround(fround(b[axis] + b[size]) - last),
    );
    const start = Math.max(a[axis], b[axis]);
    return start > end ? 0 : fround(fround(end - start) + last);
  };
  const shared = fround(along(0) * along(1));
  return share(shared, fround(a[2] * a[3]), fround(b[2] * b[3]), mode);
}

/**
 * The share that two boxes have in common, by their edges, which are within. As in Cascade R-CNN, what is one row high
 * has nothing in common.
 */
export function boxOverlap(a: Box, b: Box, mode: OverlapMode): number {
  const isEmpty = ([x0, y0, x1, y1]: Box): boolean => !(x1 >= x0 && y1 >= y0);
  if (isEmpty(a) || isEmpty(b)) return 0;
  const [x0, y0] = [Math.max(a[0], b[0]), Math.max(a[1], b[1])];
  const [x1, y1] = [Math.min(a[2], b[2]), Math.min(a[3], b[3])];
  const shared = x0 > x1 || y0 >= y1 ? 0 : boxSize([x0, y0, x1, y1]);
  return share(shared, boxSize(a), boxSize(b), mode);
}

/** The pixels of a box, its edges within; 0 where an edge lies beyond its opposite. */
export function boxSize(box: Box): number {
  const [, , width, height] = patchOf(box);
  return box[2] >= box[0] && box[3] >= box[1] ? fround(width * height) : 0;
}

function share(shared: number, a: number, b: number, mode: OverlapMode): number {
  const whole = {
    IOU: fround(fround(a + b) - shared),
    IOMU: Math.min(a, b),
    IOFU: a,
  }[mode];
  return whole > 0 ? fround(shared / whole) : 0;
}

/** The box with its edges brought within an image: the first two from below, the others from above. */
export function clipped([x0, y0, x1, y1]: Box, width: number, height: number): Box {
  return [Math.max(0, x0), Math.max(0, y0), Math.min(width, x1), Math.min(height, y1)];
}

/** How a patch is to be moved and stretched to be the other, as shares of its size. */
export function offsetTo(from: Patch, to: Patch): Offset {
  const middle = ([x, y, width, height]: Patch): readonly [number, number] => [
    fround(x + fround(0.5 * width)),
    fround(y + fround(0.5 * height)),
  ];
  const [[x, y], [toX, toY]] = [middle(from), middle(to)];
  return [
    fround(fround(toX - x) / from[2]),
    fround(fround(toY - y) / from[3]),
    fround(log(fround(to[2] / from[2]))),
    fround(log(fround(to[3] / from[3]))),
  ];
}

/** A box moved and stretched by an offset: the inverse of `offsetTo`, by edges. */
export function movedBox(box: Box, [dx, dy, dw, dh]: Offset): Box {
  const [, , width, height] = patchOf(box);
  const along = (from: number, to: number, size: number, move: number, grow: number) => {
    const middle = fround(fround(move * size) + fround(0.5 * fround(to + from)));
    const length = fround(size * fround(exp(grow)));
    const start = fround(middle - fround(fround(length - 1) / 2));
    return [start, fround(fround(start + length) - 1)] as const;
  };
  const [x0, x1] = along(box[0], box[2], width, dx, dw);
  const [y0, y1] = along(box[1], box[3], height, dy, dh);
  return [x0, y0, x1, y1];
}
