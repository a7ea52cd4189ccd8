import type { Offset } from "./box-scale.ts";
import type { Patch } from "./patches.ts";

const { fround, exp, log } = Math;

/** The receptive field that stands for an object at each cell of a map: its size, and the pixels between cells. */
export interface Field {
  readonly width: number;
  readonly height: number;
  readonly stride: number;
}

/** Where an offset's numbers are kept within: middles, and logarithms of sizes. */
export interface OffsetBounds {
  readonly middle: readonly [number, number];
  readonly size: readonly [number, number];
}

/** The bounds that field_xyr and field_whr mean: ±1/xyr, ±log(whr). */
export function offsetBounds(xyr: number, whr: number): OffsetBounds {
  return {
    middle: [fround(-1 / fround(xyr)), fround(1 / fround(xyr))],
    size: [fround(log(fround(1 / fround(whr)))), fround(log(fround(whr)))],
  };
}

/** An offset within bounds; what is no number becomes the lower one. */
export function bounded([x, y, w, h]: Offset, { middle, size }: OffsetBounds): Offset {
  const within = (value: number, [low, high]: readonly [number, number]): number =>
    value > low ? Math.min(value, high) : low;
  return [within(x, middle), within(y, middle), within(w, size), within(h, size)];
}

/** The middle of a cell in pixels. */
function middleOf(cell: number, stride: number): number {
  return fround(fround(cell + 0.5) * stride);
}

/** The patch that an offset means at a cell. */
export function patchAt(
  [dx, dy, dw, dh]: Offset,
  { width, height, stride }: Field,
  row: number,
  column: number,
): Patch {
  const x = fround(fround(dx * width) + middleOf(column, stride));
  const y = fround(fround(dy * height) + middleOf(row, stride));
  const [w, h] = [fround(width * fround(exp(dw))), fround(height * fround(exp(dh)))];
  return [fround(x - fround(w / 2)), fround(y - fround(h / 2)), w, h];
}

/** Objects count as no smaller than this. */
const LEAST = 2;

/** The offset that means an object at a cell; the object is told by its middle and size. */
export function offsetAt(
  [x, y, w, h]: Patch,
  { width, height, stride }: Field,
  row: number,
  column: number,
): Offset {
  return [
    fround(fround(x - middleOf(column, stride)) / width),
    fround(fround(y - middleOf(row, stride)) / height),
    fround(log(fround(Math.max(w, LEAST) / width))),
    fround(log(fround(Math.max(h, LEAST) / height))),
  ];
}
