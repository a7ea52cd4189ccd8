import type { FloatArray } from "./arrays.ts";
import type { Shape } from "./shape.ts";

/** What floats are made of bytes by: (byte − mean) · scale, in 32-bit floats. */
export interface Normalization {
  readonly scale: number;
  /** A mean image, or one mean for each channel, or one alone. */
  readonly mean: Float32Array;
  /** How far apart the means of neighbouring channels, rows and columns lie; 0 where they are the same. */
  readonly meanSteps: readonly [channel: number, row: number, column: number];
}

/** Images of one size as bytes. */
export interface Pixels {
  /** N, channels, height, width. */
  readonly shape: Shape;
  /** One image behind the other; each as its raster lay, channel by channel or interleaved. */
  readonly bytes: Uint8Array;
  /** Of each image `CUT` numbers. */
  readonly cuts: FloatArray;
}

/** What is told of an image: its place in the one that it was cut from, and whether it is mirrored, and interleaved. */
export const CUT = 4;

/** Makes floats of the first `count` images; a GPU does the same, to the bit. */
export function floatsOfPixels(
  { shape, bytes, cuts }: Pixels,
  { scale, mean, meanSteps }: Normalization,
  out: FloatArray,
  count: number = shape[0] ?? 0,
): void {
  const [, channels = 1, height = 1, width = 1] = shape;
  const [channelStep, rowStep, columnStep] = meanSteps;
  let to = 0;
  for (let i = 0; i < count; i++) {
    const [top = 0, left = 0, isMirrored, isInterleaved] = cuts.subarray(CUT * i, CUT * (i + 1));
    const from = i * channels * height * width;
    const step = isInterleaved ? channels : 1;
    for (let c = 0; c < channels; c++) {
      for (let y = 0; y < height; y++) {
        const row = from + (isInterleaved ? y * width * channels + c : (c * height + y) * width);
        const meanRow = c * channelStep + (top + y) * rowStep;
        for (let x = 0; x < width; x++) {
          const at = isMirrored ? width - 1 - x : x;
          const minus = mean[meanRow + (left + at) * columnStep] ?? 0;
          out[to++] = Math.fround((bytes[row + at * step] ?? 0) - minus) * scale;
        }
      }
    }
  }
}
