import type { Box } from "../../util/box.ts";

/** How a prediction tells a box from its prior. */
export type BoxCode = "CORNER" | "CENTER_SIZE" | "CORNER_SIZE";

// Forks compute boxes in float32, step by step; where an overlap meets a threshold that decides.
const { fround, log, exp } = Math;

/** The nearest whole number; halves go away from 0, as C's round has it. */
export function roundAway(value: number): number {
  return value < 0 ? -Math.round(-value) : Math.round(value);
}

/** The box in a unit of which the old one holds `width` and `height`. */
export function scaleBox([x0, y0, x1, y1]: Box, width: number, height: number): Box {
  return [fround(x0 * width), fround(y0 * height), fround(x1 * width), fround(y1 * height)];
}

/** Whether an edge lies outside 0 to 1. */
export function crossesBoundary(box: Box): boolean {
  return box.some((edge) => edge < 0 || edge > 1);
}

/** Width, height and middle of a prior. */
function frameOf([x0, y0, x1, y1]: Box): readonly [number, number, number, number] {
  const [width, height] = [fround(x1 - x0), fround(y1 - y0)];
  return [width, height, fround(fround(x0 + x1) / 2), fround(fround(y0 + y1) / 2)];
}

/**
 * What a prediction has to be to mean `box`, the inverse of `decodeBox`.
 *
 * CORNER: differences of edges; CORNER_SIZE: those, over the prior's size; CENTER_SIZE: the middles' difference over the
 * prior's size, and the logarithms of the ratios of sizes. Each is divided by its variance where there are any.
 */
export function encodeBox(box: Box, prior: Box, code: BoxCode, variance?: Box): Box {
  const [width, height, x, y] = frameOf(prior);
  const by = variance ?? [1, 1, 1, 1];
  if (code === "CENTER_SIZE") {
    const [boxWidth, boxHeight, boxX, boxY] = frameOf(box);
    return [
      fround(fround(fround(boxX - x) / width) / by[0]),
      fround(fround(fround(boxY - y) / height) / by[1]),
      fround(fround(log(fround(boxWidth / width))) / by[2]),
      fround(fround(log(fround(boxHeight / height))) / by[3]),
    ];
  }
  const sizes = code === "CORNER" ? [1, 1, 1, 1] : [width, height, width, height];
  const edge = (i: 0 | 1 | 2 | 3): number =>
    fround(fround(fround(box[i] - prior[i]) / (sizes[i] as number)) / by[i]);
  return [edge(0), edge(1), edge(2), edge(3)];
}

/** The box that a prediction means, from its prior; its numbers are multiplied by the variances where there are any. */
export function decodeBox(prediction: Box, prior: Box, code: BoxCode, variance?: Box): Box {
  const box = new Float32Array(4);
  decodeAt(prediction, 0, prior, code, variance, box, 0);
  return boxAt(box, 0);
}

/** As `decodeBox`, from one array into another: there may be tens of thousands. */
export function decodeAt(
  from: ArrayLike<number>,
  at: number,
  prior: Box,
  code: BoxCode,
  variance: Box | undefined,
  to: Float32Array,
  toAt: number,
): void {
  let [a, b] = [fround(from[at]!), fround(from[at + 1]!)];
  let [c, d] = [fround(from[at + 2]!), fround(from[at + 3]!)];
  if (variance) {
    a = fround(variance[0] * a);
    b = fround(variance[1] * b);
    c = fround(variance[2] * c);
    d = fround(variance[3] * d);
  }
  const [x0, y0, x1, y1] = prior;
  if (code === "CENTER_SIZE") {
    const [width, height] = [fround(x1 - x0), fround(y1 - y0)];
    const middleX = fround(fround(a * width) + fround(fround(x0 + x1) / 2));
    const middleY = fround(fround(b * height) + fround(fround(y0 + y1) / 2));
    const halfWidth = fround(fround(exp(c)) * width) / 2;
    const halfHeight = fround(fround(exp(d)) * height) / 2;
    to[toAt] = middleX - halfWidth;
    to[toAt + 1] = middleY - halfHeight;
    to[toAt + 2] = middleX + halfWidth;
    to[toAt + 3] = middleY + halfHeight;
    return;
  }
  const [width, height] = code === "CORNER" ? [1, 1] : [fround(x1 - x0), fround(y1 - y0)];
  to[toAt] = x0 + fround(a * width);
  to[toAt + 1] = y0 + fround(b * height);
  to[toAt + 2] = x1 + fround(c * width);
  to[toAt + 3] = y1 + fround(d * height);
}

/** Four numbers of an array as a box. */
export function boxAt(values: ArrayLike<number>, at: number): Box {
  return [
    fround(values[at]!),
    fround(values[at + 1]!),
    fround(values[at + 2]!),
    fround(values[at + 3]!),
  ];
}
