import type { FloatArray } from "../../util/arrays.ts";
import type { Shape } from "../../util/shape.ts";

/** The greatest side of a map: of larger ones every other place is kept, or every third, … */
const SIDE = 208;

/** What the pixels of a picture show, and what they are taken for, row by row. */
export interface PixelMaps {
  readonly height: number;
  readonly width: number;
  /** Labels; −1 where a pixel does not count. */
  readonly truth: Int32Array;
  /** The class of the greatest score, the last of several equal ones. */
  readonly guess: Int32Array;
}

/**
 * Maps of one sample, small enough to stand within a page; undefined where its places do not lie in rows and columns.
 *
 * @param shape that of the scores of all samples, N×C×H×W
 * @param scores C×H×W; labels H×W: those of the sample
 */
export function pixelMapsOf(
  shape: Shape,
  scores: FloatArray,
  labels: FloatArray,
  isCounted: (label: number) => boolean,
): PixelMaps | undefined {
  const [, classes = 0, rows = 0, columns = 0] = shape;
  if (shape.length !== 4 || rows * columns === 0) return undefined;
  const step = Math.ceil(Math.max(rows, columns) / SIDE);
  const [height, width] = [Math.ceil(rows / step), Math.ceil(columns / step)];
  const truth = new Int32Array(height * width);
  const guess = new Int32Array(height * width);
  for (let i = 0; i < height * width; i++) {
    const at = Math.floor(i / width) * step * columns + (i % width) * step;
    const label = Math.trunc(labels[at] ?? -1);
    truth[i] = isCounted(label) ? label : -1;
    let best = 0;
    for (let c = 1; c < classes; c++) {
      const score = scores[c * rows * columns + at] ?? 0;
      if (score >= (scores[best * rows * columns + at] ?? 0)) best = c;
    }
    guess[i] = best;
  }
  return { height, width, truth, guess };
}
