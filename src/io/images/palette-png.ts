import { inflateSync } from "node:zlib";
import { unreadable } from "./header.ts";
import { planar, type Raster } from "./raster.ts";

/** Kinds of chunks. */
const [IHDR, PLTE, IDAT, IEND] = [0x49484452, 0x504c5445, 0x49444154, 0x49454e44];
const SIGNATURE = 0x89504e47;
const PALETTE = 3;

/**
 * The numbers of a PNG's palette, a byte for each pixel; undefined where it is no PNG, or has no palette, or
 * one of greys, which a program has made of a grey image to save space.
 *
 * @param source names the image, for messages
 * @throws FormatError where it is damaged, or interlaced
 * @see PNG (ISO/IEC 15948), colour type 3
 */
export function palettePng(bytes: Uint8Array, source: string): Raster | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isPng = bytes.length > 33 && view.getUint32(0) === SIGNATURE && view.getUint32(12) === IHDR;
  if (!isPng || view.getUint8(25) !== PALETTE) return undefined;
  const chunks = chunksOf(bytes, view);
  if (isGrey(chunks.get(PLTE)?.[0])) return undefined;
  const [width, height, depth] = [view.getUint32(16), view.getUint32(20), view.getUint8(24)];
  if (view.getUint8(28) !== 0) {
    throw unreadable(source, "it is an interlaced PNG with a palette. Expected one not interlaced");
  }
  const rowBytes = Math.ceil((width * depth) / 8);
  try {
    const lines = inflateSync(Buffer.concat(chunks.get(IDAT) ?? []), {
      maxOutputLength: (rowBytes + 1) * height + 1,
    });
    if (lines.length < (rowBytes + 1) * height) throw new Error("pixels are missing");
    const rows = unfiltered(lines, rowBytes, height);
    return planar(unpacked(rows, rowBytes, height, width, depth), 1, height, width);
  } catch (error) {
    throw unreadable(source, "the PNG is damaged or cut short. Expected a whole image", error);
  }
}

/** What a PNG's chunks hold, by kind. */
function chunksOf(bytes: Uint8Array, view: DataView): ReadonlyMap<number, Uint8Array[]> {
  const chunks = new Map<number, Uint8Array[]>();
  for (let at = 8; at + 12 <= bytes.length; ) {
    const [length, kind] = [view.getUint32(at), view.getUint32(at + 4)];
    const content = bytes.subarray(at + 8, at + 8 + length);
    chunks.set(kind, [...(chunks.get(kind) ?? []), content]);
    if (kind === IEND) break;
    at += 12 + length;
  }
  return chunks;
}

function isGrey(palette: Uint8Array = new Uint8Array(0)): boolean {
  for (let at = 0; at + 2 < palette.length; at += 3) {
    if (palette[at] !== palette[at + 1] || palette[at] !== palette[at + 2]) return false;
  }
  return true;
}

/** Rows without their filters: each byte was told as what it exceeds the one before it, above it, or a mean of them. */
function unfiltered(lines: Uint8Array, rowBytes: number, height: number): Uint8Array {
  const rows = new Uint8Array(rowBytes * height);
  for (let y = 0; y < height; y++) {
    const from = y * (rowBytes + 1);
    const [filter, row] = [lines[from] ?? 0, y * rowBytes];
    if (filter > 4) throw new Error(`filter ${filter}`);
    for (let x = 0; x < rowBytes; x++) {
      const left = x > 0 ? (rows[row + x - 1] ?? 0) : 0;
      const above = y > 0 ? (rows[row + x - rowBytes] ?? 0) : 0;
      const corner = x > 0 && y > 0 ? (rows[row + x - rowBytes - 1] ?? 0) : 0;
      const guess = [0, left, above, (left + above) >> 1, paeth(left, above, corner)][filter] ?? 0;
      rows[row + x] = (lines[from + 1 + x] ?? 0) + guess;
    }
  }
  return rows;
}

/** Of three neighbours the one that is next to left + above − corner. */
function paeth(left: number, above: number, corner: number): number {
  const [a, b, c] = [
    Math.abs(above - corner),
    Math.abs(left - corner),
    Math.abs(left + above - 2 * corner),
  ];
  if (a <= b && a <= c) return left;
  return b <= c ? above : corner;
}

/** A byte for each pixel of 1, 2, 4 or 8 bits. */
function unpacked(
  rows: Uint8Array,
  rowBytes: number,
  height: number,
  width: number,
  depth: number,
): Uint8Array {
  if (depth === 8) return rows;
  const [perByte, most] = [8 / depth, (1 << depth) - 1];
  const pixels = new Uint8Array(height * width);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to++) {
      const byte = rows[y * rowBytes + Math.floor(x / perByte)] ?? 0;
      pixels[to] = (byte >> (8 - depth * ((x % perByte) + 1))) & most;
    }
  }
  return pixels;
}
