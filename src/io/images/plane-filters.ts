import { byteTable, toByte } from "./bytes.ts";
import { mirroredPlace } from "./resize-policy.ts";

/** One plane of an image of bytes, changed in place. */
interface Plane {
  readonly data: Uint8Array;
  readonly height: number;
  readonly width: number;
}

/** A Gaussian of σ 1.5 over 7 places, in whole numbers of 1/256: OpenCV rounds so, from the outer ones inwards. */
const GAUSSIAN = [9, 29, 55, 70, 55, 29, 9] as const;

/**
 * Blurs with a 7×7 Gaussian of σ 1.5; beyond the edge lies the image mirrored.
 * @see OpenCV's GaussianBlur
 */
export function blurPlane({ data, height, width }: Plane): void {
  const across = new Uint16Array(height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = 0; k < 7; k++) {
        sum +=
          (GAUSSIAN[k] as number) * (data[y * width + mirroredPlace(x + k - 3, width)] as number);
      }
      across[y * width + x] = sum;
    }
  }
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      let sum = 32_768;
      for (let k = 0; k < 7; k++) {
        sum +=
          (GAUSSIAN[k] as number) *
          (across[mirroredPlace(y + k - 3, height) * width + x] as number);
      }
      data[y * width + x] = sum >> 16;
    }
  }
}

/** Takes the least of each pixel and its four neighbours. */
export function erodePlane({ data, height, width }: Plane): void {
  const before = data.slice();
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      let least = before[i] as number;
      if (x > 0) least = Math.min(least, before[i - 1] as number);
      if (x + 1 < width) least = Math.min(least, before[i + 1] as number);
      if (y > 0) least = Math.min(least, before[i - width] as number);
      if (y + 1 < height) least = Math.min(least, before[i + width] as number);
      data[i] = least;
    }
  }
}

/**
 * Spreads values so that each is as frequent as another.
 * @see OpenCV's equalizeHist
 */
export function equalizePlane({ data }: Plane): void {
  const counts = new Int32Array(256);
  for (const value of data) counts[value] = (counts[value] as number) + 1;
  const first = counts.findIndex((count) => count > 0);
  const rest = data.length - (counts[first] ?? 0);
  if (rest <= 0) return;
  const scale = Math.fround(255 / rest);
  let sum = 0;
  const table = byteTable((byte) => {
    if (byte <= first) return 0;
    sum += counts[byte] as number;
    return Math.fround(sum * scale);
  });
  mapPlane(data, table);
}

/** Puts a table's value in the place of each byte. */
export function mapPlane(data: Uint8Array, table: Uint8Array): void {
  for (let i = 0; i < data.length; i++) data[i] = table[data[i] as number] as number;
}

/** Tiles to a side, and how much steeper than even a tile's histogram may be. */
const [TILES, CLIP] = [8, 4];

/**
 * Spreads values within 8×8 tiles, not too far where a tile has few, and goes over smoothly from tile to tile.
 * @see OpenCV's CLAHE with a clip limit of 4; Zuiderveld, 1994
 */
export function equalizeTiles({ data, height, width }: Plane): void {
  const isWhole = height % TILES === 0 && width % TILES === 0;
  const tileHeight = isWhole ? height / TILES : Math.floor(height / TILES) + 1;
  const tileWidth = isWhole ? width / TILES : Math.floor(width / TILES) + 1;
  const tables: Uint8Array[] = [];
  for (let row = 0; row < TILES; row++) {
    for (let column = 0; column < TILES; column++) {
      const counts = new Int32Array(256);
      for (let y = row * tileHeight; y < (row + 1) * tileHeight; y++) {
        const line = mirroredPlace(y, height) * width;
        for (let x = column * tileWidth; x < (column + 1) * tileWidth; x++) {
          const value = data[line + mirroredPlace(x, width)] as number;
          counts[value] = (counts[value] as number) + 1;
        }
      }
      tables.push(tileTable(counts, tileHeight * tileWidth));
    }
  }
  const rows = between(height, tileHeight);
  const columns = between(width, tileWidth);
  for (let y = 0, i = 0; y < height; y++) {
    const [upper, lower, below] = rows[y] as Between;
    for (let x = 0; x < width; x++, i++) {
      const [left, right, beyond] = columns[x] as Between;
      const value = data[i] as number;
      const at = (row: number, column: number): number =>
        (tables[row * TILES + column] as Uint8Array)[value] as number;
      const above = at(upper, left) * (1 - beyond) + at(upper, right) * beyond;
      const under = at(lower, left) * (1 - beyond) + at(lower, right) * beyond;
      data[i] = toByte(Math.fround(above * (1 - below) + under * below));
    }
  }
}

/** What becomes of a tile's values: its histogram's sum, no step of which is higher than the limit. */
function tileTable(counts: Int32Array, total: number): Uint8Array {
  const limit = Math.max(Math.floor((CLIP * total) / 256), 1);
  let excess = 0;
  for (let i = 0; i < 256; i++) {
    const count = counts[i] as number;
    if (count > limit) {
      excess += count - limit;
      counts[i] = limit;
    }
  }
  const each = Math.floor(excess / 256);
  let rest = excess - each * 256;
  for (let i = 0; i < 256; i++) counts[i] = (counts[i] as number) + each;
  if (rest > 0) {
    const step = Math.max(Math.floor(256 / rest), 1);
    for (let i = 0; i < 256 && rest > 0; i += step, rest--) counts[i] = (counts[i] as number) + 1;
  }
  const scale = Math.fround(255 / total);
  let sum = 0;
  return byteTable((byte) => {
    sum += counts[byte] as number;
    return Math.fround(sum * scale);
  });
}

/** The tiles on both sides of a place, and how near it is to the second. */
type Between = readonly [before: number, after: number, share: number];

function between(length: number, tile: number): Between[] {
  return Array.from({ length }, (_, i) => {
    const at = Math.fround(Math.fround(i * Math.fround(1 / tile)) - 0.5);
    const before = Math.floor(at);
    return [Math.max(before, 0), Math.min(before + 1, TILES - 1), Math.fround(at - before)];
  });
}
