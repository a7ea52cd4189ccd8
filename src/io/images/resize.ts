import { roundHalfToEven } from "./bytes.ts";
import { bytesFor, planar, type Raster } from "./raster.ts";

/** A rectangle of an image: columns [left, left + width), rows [top, top + height). */
export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Weights are whole numbers of 1/2048. */
const ONE = 2048;

/**
 * An image of bytes, or a part of it, at another size, by bilinear interpolation between pixel centres without
 * smoothing. The result is OpenCV's to the bit: weights are rounded to 1/2048, and halving both sides takes means
 * of four.
 *
 * @param factor by which both sides grow, where the new size is what rounding made of it
 * @returns the pixels channel by channel
 * @see OpenCV's resize with INTER_LINEAR, which Caffe calls
 */
export function resizeLinear(
  from: Raster,
  height: number,
  width: number,
  part: Rectangle = { left: 0, top: 0, width: from.width, height: from.height },
  factor?: number,
): Raster {
  const data = bytesFor(from.channels, height, width);
  const start = from.offset + part.top * from.rowStep + part.left * from.columnStep;
  const resizePlane =
    part.height === 2 * height && part.width === 2 * width ? meansOfFour : interpolate;
  for (let c = 0; c < from.channels; c++) {
    const to = data.subarray(c * height * width, (c + 1) * height * width);
    resizePlane(from, start + c * from.channelStep, part, to, height, width, factor);
  }
  return planar(data, from.channels, height, width);
}

/**
 * An image of bytes at another size, each pixel that of the place it comes from: what keeps numbers of classes.
 * @see OpenCV's resize with INTER_NEAREST
 */
export function resizeNearest(from: Raster, height: number, width: number): Raster {
  const data = bytesFor(from.channels, height, width);
  const [rows, columns] = [from.height / height, from.width / width];
  for (let c = 0, to = 0; c < from.channels; c++) {
    for (let y = 0; y < height; y++) {
      const row =
        from.offset +
        c * from.channelStep +
        Math.min(Math.floor(y * rows), from.height - 1) * from.rowStep;
      for (let x = 0; x < width; x++) {
        const column = Math.min(Math.floor(x * columns), from.width - 1);
        data[to++] = from.data[row + column * from.columnStep] ?? 0;
      }
    }
  }
  return planar(data, from.channels, height, width);
}

function meansOfFour(
  { data, rowStep, columnStep }: Raster,
  start: number,
  _part: Rectangle,
  to: Uint8Array,
  height: number,
  width: number,
): void {
  for (let y = 0, at = 0; y < height; y++) {
    let upper = start + 2 * y * rowStep;
    for (let x = 0; x < width; x++, at++, upper += 2 * columnStep) {
      const lower = upper + rowStep;
      const sum =
        (data[upper] ?? 0) +
        (data[upper + columnStep] ?? 0) +
        (data[lower] ?? 0) +
        (data[lower + columnStep] ?? 0);
      to[at] = (sum + 2) >> 2;
    }
  }
}

function interpolate(
  { data, rowStep, columnStep }: Raster,
  start: number,
  part: Rectangle,
  to: Uint8Array,
  height: number,
  width: number,
  factor: number | undefined,
): void {
  const columns = neighbours(part.width, width, factor);
  const rows = neighbours(part.height, height, factor);
  // Two rows of the part, stretched to the new width; the lower one often is the next one's upper.
  let [upper, lower] = [new Int32Array(width), new Int32Array(width)];
  let [upperRow, lowerRow] = [-1, -1];
  const stretch = (row: number, line: Int32Array): void => {
    const base = start + row * rowStep;
    for (let x = 0; x < width; x++) {
      const near = data[base + (columns.near[x] ?? 0) * columnStep] ?? 0;
      const far = data[base + (columns.far[x] ?? 0) * columnStep] ?? 0;
      line[x] = near * (columns.nearWeight[x] ?? 0) + far * (columns.farWeight[x] ?? 0);
    }
  };
  for (let y = 0, at = 0; y < height; y++) {
    const [near, far] = [rows.near[y] ?? 0, rows.far[y] ?? 0];
    if (near === lowerRow) {
      [upper, lower] = [lower, upper];
      [upperRow, lowerRow] = [lowerRow, -1];
    }
    if (near !== upperRow) stretch(near, upper);
    if (far !== lowerRow) stretch(far, lower);
    [upperRow, lowerRow] = [near, far];
    const [a, b] = [rows.nearWeight[y] ?? 0, rows.farWeight[y] ?? 0];
    for (let x = 0; x < width; x++, at++) {
      // Bits are cut off in the same places as there.
      const above = (a * ((upper[x] ?? 0) >> 4)) >> 16;
      const below = (b * ((lower[x] ?? 0) >> 4)) >> 16;
      to[at] = (above + below + 2) >> 2;
    }
  }
}

/** For each of `to` places the two of `from` around it, and the weight of each. */
interface Neighbours {
  readonly near: Int32Array;
  readonly far: Int32Array;
  readonly nearWeight: Int32Array;
  readonly farWeight: Int32Array;
}

function neighbours(from: number, to: number, factor = to / from): Neighbours {
  const list = (): Int32Array => new Int32Array(to);
  const result = { near: list(), far: list(), nearWeight: list(), farWeight: list() };
  const scale = 1 / factor;
  for (let i = 0; i < to; i++) {
    // In 32-bit floats, as there.
    const at = Math.fround((i + 0.5) * scale - 0.5);
    const below = Math.floor(at);
    const share = Math.fround(at - below);
    const last = from - 1;
    result.near[i] = Math.min(Math.max(below, 0), last);
    result.far[i] = Math.min(Math.max(below + 1, 0), last);
    result.nearWeight[i] = roundHalfToEven(Math.fround(1 - share) * ONE);
    result.farWeight[i] = roundHalfToEven(share * ONE);
  }
  return result;
}
