import { roundHalfToEven } from "./bytes.ts";
import { bytesFor, planar, type Raster } from "./raster.ts";
import { resizeLinear } from "./resize.ts";

/** How a resized image's pixels come from the image's. */
export type Interpolation = "LINEAR" | "AREA" | "NEAREST" | "CUBIC" | "LANCZOS4";

/**
 * An image of bytes at another size, as OpenCV has it: equal to the bit for LINEAR, NEAREST and LANCZOS4, within 1 for the
 * others.
 *
 * LINEAR and CUBIC (a = −0.75) interpolate between pixel centres without smoothing, LANCZOS4 over 8×8 pixels; NEAREST
 * takes the pixel at ⌊x · from / to⌋; AREA takes means over what a pixel covers, and where a side grows, lines whose corners
 * are pixels.
 *
 * @returns the pixels channel by channel
 * @see OpenCV's resize
 */
export function resized(
  from: Raster,
  height: number,
  width: number,
  interpolation: Interpolation,
): Raster {
  if (from.height === height && from.width === width) return from;
  if (interpolation === "LINEAR") return resizeLinear(from, height, width);
  if (interpolation === "AREA" && from.height >= height && from.width >= width) {
    return meansOfAreas(from, height, width);
  }
  return interpolated(from, height, width, taps[interpolation]);
}

/** For each place of a side, the `size` places that it is made of, and their weights. */
interface Taps {
  readonly size: number;
  readonly count: number;
  readonly from: Int32Array;
  /** In whole numbers of 1/2048. */
  readonly weights: Int32Array;
}

const ONE = 2048;
/** Bits that both passes' weights add. */
const BITS = 22;

const taps: Readonly<Record<Exclude<Interpolation, "LINEAR">, (from: number, to: number) => Taps>> =
  {
    NEAREST: (from, to) => makeTaps(from, to, 1, (i) => [Math.floor(i * (1 / (to / from))), [1]]),
    AREA: (from, to) => {
      const scale = 1 / (to / from);
      return makeTaps(from, to, 2, (i) => {
        const near = Math.floor(i * scale);
        const beyond = Math.fround(i + 1 - (near + 1) * (to / from));
        const share = beyond <= 0 ? 0 : beyond - Math.floor(beyond);
        return [near, [Math.fround(1 - share), share]];
      });
    },
    CUBIC: (from, to) => makeTaps(from, to, 4, (i) => centred(i, from, to, 1, cubicWeights)),
    LANCZOS4: (from, to) => makeTaps(from, to, 8, (i) => centred(i, from, to, 3, lanczosWeights)),
  };

function makeTaps(
  from: number,
  to: number,
  size: number,
  at: (i: number) => readonly [first: number, weights: readonly number[]],
): Taps {
  const result = {
    size,
    count: to,
    from: new Int32Array(size * to),
    weights: new Int32Array(size * to),
  };
  for (let i = 0; i < to; i++) {
    const [first, weights] = at(i);
    for (let k = 0; k < size; k++) {
      result.from[size * i + k] = Math.min(Math.max(first + k, 0), from - 1);
      result.weights[size * i + k] = roundHalfToEven((weights[k] ?? 0) * ONE);
    }
  }
  return result;
}

/** The place that pixel centre `i` lies at, `before` places ahead of it, and the weights around it. */
function centred(
  i: number,
  from: number,
  to: number,
  before: number,
  weights: (share: number) => readonly number[],
): [number, readonly number[]] {
  const at = Math.fround((i + 0.5) * (1 / (to / from)) - 0.5);
  const floor = Math.floor(at);
  return [floor - before, weights(Math.fround(at - floor))];
}

function cubicWeights(x: number): readonly number[] {
  const a = -0.75;
  const first = ((a * (x + 1) - 5 * a) * (x + 1) + 8 * a) * (x + 1) - 4 * a;
  const second = ((a + 2) * x - (a + 3)) * x * x + 1;
  const third = ((a + 2) * (1 - x) - (a + 3)) * (1 - x) * (1 - x) + 1;
  return [first, second, third, 1 - first - second - third];
}

function lanczosWeights(x: number): readonly number[] {
  const weights = Array.from({ length: 8 }, (_, i) => {
    const distance = x + 3 - i;
    if (Math.abs(distance) < 1e-6) return 1;
    const [near, far] = [Math.PI * distance, (Math.PI * distance) / 4];
    return (Math.sin(near) / near) * (Math.sin(far) / far);
  });
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** Columns first, then rows, in whole numbers. */
function interpolated(
  from: Raster,
  height: number,
  width: number,
  tapsOf: (from: number, to: number) => Taps,
): Raster {
  const data = bytesFor(from.channels, height, width);
  const [rows, columns] = [tapsOf(from.height, height), tapsOf(from.width, width)];
  const lines = new Int32Array(from.height * width);
  for (let c = 0; c < from.channels; c++) {
    stretchRows(from, from.offset + c * from.channelStep, columns, lines);
    const to = data.subarray(c * height * width, (c + 1) * height * width);
    stretchColumns(lines, width, rows, to);
  }
  return planar(data, from.channels, height, width);
}

function stretchRows(
  { data, height, rowStep, columnStep }: Raster,
  start: number,
  { size, count, from, weights }: Taps,
  lines: Int32Array,
): void {
  for (let y = 0, at = 0; y < height; y++) {
    const row = start + y * rowStep;
    for (let x = 0, tap = 0; x < count; x++, at++) {
      let sum = 0;
      for (const end = tap + size; tap < end; tap++) {
        sum +=
          (data[row + (from[tap] as number) * columnStep] as number) * (weights[tap] as number);
      }
      lines[at] = sum;
    }
  }
}

function stretchColumns(
  lines: Int32Array,
  width: number,
  { size, count, from, weights }: Taps,
  to: Uint8Array,
): void {
  const half = 2 ** (BITS - 1);
  const scale = 2 ** -BITS;
  const sums = new Float64Array(width);
  for (let y = 0, at = 0; y < count; y++) {
    sums.fill(half);
    for (let k = 0; k < size; k++) {
      const weight = weights[size * y + k] as number;
      let line = (from[size * y + k] as number) * width;
      for (let x = 0; x < width; x++, line++) {
        sums[x] = (sums[x] as number) + (lines[line] as number) * weight;
      }
    }
    for (let x = 0; x < width; x++, at++) {
      const value = Math.floor((sums[x] as number) * scale);
      to[at] = Math.min(Math.max(value, 0), 255);
    }
  }
}

/** What one place of a shrunken side covers: places [first, first + weights), in 32-bit floats. */
interface Cover {
  readonly first: number;
  readonly weights: readonly number[];
}

function covers(from: number, to: number): Cover[] {
  const scale = 1 / (to / from);
  return Array.from({ length: to }, (_, i) => {
    const [begin, end] = [i * scale, (i + 1) * scale];
    const cell = Math.min(scale, from - begin);
    const last = Math.min(Math.floor(end), from - 1);
    const first = Math.min(Math.ceil(begin), last);
    const weights: number[] = [];
    if (first - begin > 1e-3) weights.push(Math.fround((first - begin) / cell));
    const start = first - weights.length;
    for (let k = first; k < last; k++) weights.push(Math.fround(1 / cell));
    if (end - last > 1e-3) {
      weights.push(Math.fround(Math.min(Math.min(end - last, 1), cell) / cell));
    }
    return { first: start, weights };
  });
}

function meansOfAreas(from: Raster, height: number, width: number): Raster {
  const data = bytesFor(from.channels, height, width);
  const [rows, columns] = [covers(from.height, height), covers(from.width, width)];
  const sums = new Float32Array(width);
  for (let c = 0, at = 0; c < from.channels; c++) {
    const start = from.offset + c * from.channelStep;
    for (const row of rows) {
      sums.fill(0);
      for (const [k, weight] of row.weights.entries()) {
        addLine(from, start + (row.first + k) * from.rowStep, columns, weight, sums);
      }
      for (let x = 0; x < width; x++, at++) data[at] = roundHalfToEven(sums[x] as number);
    }
  }
  return planar(data, from.channels, height, width);
}

function addLine(
  { data, columnStep }: Raster,
  start: number,
  columns: readonly Cover[],
  weight: number,
  sums: Float32Array,
): void {
  for (let x = 0; x < columns.length; x++) {
    const { first, weights } = columns[x] as Cover;
    let from = start + first * columnStep;
    let sum = 0;
    for (let k = 0; k < weights.length; k++, from += columnStep) {
      sum += (data[from] as number) * (weights[k] as number);
    }
    sums[x] = (sums[x] as number) + weight * sum;
  }
}
