import type { HeatMap } from "./heat-map.ts";

/** A square of an image that is covered. */
export interface Cover {
  readonly top: number;
  readonly left: number;
  readonly side: number;
}

/** Squares that together cover an image, `stride` pixels from one to the next; the last of a row ends at the image's edge. */
export function coversOf(height: number, width: number, side: number, stride: number): Cover[] {
  const starts = (length: number): number[] => {
    const last = Math.max(0, length - side);
    const steps = Array.from({ length: Math.ceil(last / stride) }, (_, i) => i * stride);
    return [...steps, last];
  };
  return starts(height).flatMap((top) => starts(width).map((left) => ({ top, left, side })));
}

/**
 * How much a class's score falls where the image is covered: for each pixel the mean fall of the squares over it.
 *
 * @param falls by how much the score fell under each cover
 * @see Zeiler & Fergus, "Visualizing and Understanding Convolutional Networks", 2014
 */
export function occlusionOf(
  height: number,
  width: number,
  covers: readonly Cover[],
  falls: readonly number[],
): HeatMap {
  const [sums, counts] = [new Float64Array(height * width), new Uint32Array(height * width)];
  covers.forEach(({ top, left, side }, k) => {
    for (let y = top; y < Math.min(height, top + side); y++) {
      for (let x = left; x < Math.min(width, left + side); x++) {
        const i = y * width + x;
        sums[i] = (sums[i] as number) + (falls[k] ?? 0);
        counts[i] = (counts[i] as number) + 1;
      }
    }
  });
  const values = Float32Array.from(sums, (sum, i) => sum / Math.max(1, counts[i] as number));
  return { height, width, values };
}
