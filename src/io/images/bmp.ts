import { FormatError } from "../../util/errors.ts";
import type { Image, ImageHeader } from "./image.ts";
import { interleaved, type Raster } from "./raster.ts";

/** The header of OS/2's first bitmaps, and the least of Windows' that is known. */
const [OS2, WINDOWS] = [12, 36];
/** How pixels are stored. */
const [PLAIN, RLE8, RLE4, MASKS] = [0, 1, 2, 3];
/** The bits of a pixel with each of these. */
const bitsOf: Readonly<Record<number, readonly number[]>> = {
  [PLAIN]: [1, 4, 8, 16, 24, 32],
  [RLE8]: [8],
  [RLE4]: [4],
  [MASKS]: [16, 32],
};

/** What stands before the pixels of a bitmap. */
interface BmpHeader {
  readonly width: number;
  /** Rows come from the bottom up unless their number is negative. */
  readonly rows: number;
  readonly bits: number;
  readonly compression: number;
  /** Where the pixels begin. */
  readonly start: number;
  /** Blue, green and red of each colour, where pixels are numbers of colours. */
  readonly palette: Uint8Array | undefined;
  readonly isOs2: boolean;
}

/** The header of a Windows or OS/2 bitmap; undefined where a file is none. */
export function bmpImageHeader(view: DataView): ImageHeader | undefined {
  if (view.getUint16(0) !== 0x424d) return undefined;
  const { rows, width, bits, compression, palette, isOs2 } = headerOf(view);
  const isGrey = palette ? isGreyPalette(palette) : false;
  // OpenCV takes all of OS/2 for grey.
  const channels = isOs2 || isGrey ? 1 : bits === 32 && compression === MASKS ? 4 : 3;
  return { format: "BMP", height: Math.abs(rows), width, channels, orientation: 1 };
}

function headerOf(view: DataView): BmpHeader {
  const start = view.getUint32(10, true);
  const size = view.getUint32(14, true);
  const isOs2 = size === OS2;
  if (!isOs2 && size < WINDOWS) {
    throw new FormatError(
      `a bitmap whose header has ${size} bytes. Expected ${OS2}, or 40 and more`,
    );
  }
  const width = isOs2 ? view.getUint16(18, true) : view.getInt32(18, true);
  const rows = isOs2 ? view.getInt16(20, true) : view.getInt32(22, true);
  const bits = view.getUint16(isOs2 ? 24 : 28, true);
  const compression = isOs2 ? PLAIN : view.getUint32(30, true);
  if (!bitsOf[compression]?.includes(bits)) {
    throw new FormatError(
      `a bitmap of ${bits} bits and compression ${compression}. Expected 1, 4, 8, 16, 24 or 32 bits, and RLE or none`,
    );
  }
  const used = isOs2 || size < WINDOWS + 4 ? 0 : view.getUint32(46, true);
  const palette = bits <= 8 ? paletteOf(view, 14 + size, isOs2 ? 3 : 4, bits, used) : undefined;
  return { width, rows, bits, compression, start, palette, isOs2 };
}

/** Colours that the file does not hold are black. */
function paletteOf(
  view: DataView,
  start: number,
  step: number,
  bits: number,
  used: number,
): Uint8Array {
  const palette = new Uint8Array(3 * 2 ** bits);
  const count = used === 0 ? 2 ** bits : Math.min(used, 2 ** bits);
  for (let i = 0; i < count; i++) {
    for (let c = 0; c < 3; c++) palette[3 * i + c] = view.getUint8(start + step * i + c);
  }
  return palette;
}

function isGreyPalette(palette: Uint8Array): boolean {
  for (let i = 0; i < palette.length; i += 3) {
    if (palette[i] !== palette[i + 1] || palette[i] !== palette[i + 2]) return false;
  }
  return true;
}

/**
 * Decodes a bitmap of Windows or OS/2: 1, 4 or 8 bits with a palette, runs of these (RLE4, RLE8), 16 (5-5-5 or 5-6-5), 24
 * or 32 bits.
 *
 * @throws FormatError where it is of another kind, or cut short
 * @see OpenCV's BmpDecoder
 */
export function decodeBmp(bytes: Uint8Array): Raster {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = headerOf(view);
  const { width, rows, bits, palette, start } = header;
  const height = Math.abs(rows);
  if (header.compression === RLE4 || header.compression === RLE8) {
    const indices = runs(bytes, header);
    return interleaved(colored(indices, palette ?? new Uint8Array(0)), 3, height, width);
  }
  const stride = Math.ceil((width * bits) / 32) * 4;
  if (start + stride * height > bytes.length) {
    throw new FormatError(
      `a bitmap of ${height}×${width}, ${bits} bits, of ${bytes.length} bytes. Expected ${start + stride * height}`,
    );
  }
  const row = (y: number): number => start + stride * (rows > 0 ? height - 1 - y : y);
  if (palette) {
    const indices = new Uint8Array(width * height);
    for (let y = 0, to = 0; y < height; y++) {
      for (let x = 0, from = row(y); x < width; x++, to++) {
        const at = x * bits;
        const shift = 8 - bits - (at & 7);
        indices[to] = ((bytes[from + (at >> 3)] ?? 0) >> shift) & (2 ** bits - 1);
      }
    }
    return interleaved(colored(indices, palette), 3, height, width);
  }
  if (bits === 16) return interleaved(words(view, header, row), 3, height, width);
  const [step, channels] = [bits / 8, header.compression === MASKS ? 4 : 3];
  const pixels = new Uint8Array(width * height * channels);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0, from = row(y); x < width; x++, from += step) {
      for (let c = 0; c < channels; c++) pixels[to++] = bytes[from + c] ?? 0;
    }
  }
  return interleaved(pixels, channels, height, width);
}

function colored(indices: Uint8Array, palette: Uint8Array): Uint8Array {
  const pixels = new Uint8Array(3 * indices.length);
  for (let i = 0, to = 0; i < indices.length; i++, to += 3) {
    const from = 3 * (indices[i] ?? 0);
    pixels[to] = palette[from] ?? 0;
    pixels[to + 1] = palette[from + 1] ?? 0;
    pixels[to + 2] = palette[from + 2] ?? 0;
  }
  return pixels;
}

/** Pixels of 16 bits: five for each colour, or six for green where the masks say so. */
function words(
  view: DataView,
  { width, rows, compression }: BmpHeader,
  row: (y: number) => number,
): Uint8Array {
  const masks = [54, 58, 62].map((at) => (compression === MASKS ? view.getUint32(at, true) : 0));
  const isWide = masks[1] === 0x7e0;
  const known = isWide ? [0xf800, 0x7e0, 0x1f] : [0x7c00, 0x3e0, 0x1f];
  if (compression === MASKS && masks.some((mask, i) => mask !== known[i])) {
    throw new FormatError(
      `a bitmap of 16 bits with the masks ${masks.map((mask) => `0x${mask.toString(16)}`).join(", ")}. Expected 5-5-5 or 5-6-5 bits`,
    );
  }
  const height = Math.abs(rows);
  const pixels = new Uint8Array(3 * width * height);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0, from = row(y); x < width; x++, from += 2) {
      const word = view.getUint16(from, true);
      pixels[to++] = word << 3;
      pixels[to++] = isWide ? (word >> 3) & 0xfc : (word >> 2) & 0xf8;
      pixels[to++] = isWide ? (word >> 8) & 0xf8 : (word >> 7) & 0xf8;
    }
  }
  return pixels;
}

/** The numbers of colours that runs stand for; what none reaches is colour 0. A row that is full ends by itself. */
function runs(bytes: Uint8Array, { width, rows, bits, start }: BmpHeader): Uint8Array {
  const height = Math.abs(rows);
  const indices = new Uint8Array(width * height);
  let [at, x, y] = [start, 0, 0];
  const next = (): number => {
    const byte = bytes[at++];
    if (byte === undefined) throw new FormatError("a bitmap whose runs are cut short");
    return byte;
  };
  /** Writes `count` pixels, each of which `index` gives. */
  const put = (count: number, index: (i: number) => number): void => {
    if (x === width) [x, y] = [0, y + 1];
    if (x + count > width || y >= height) {
      throw new FormatError("a bitmap with a run beyond its row");
    }
    const to = (rows > 0 ? height - 1 - y : y) * width + x;
    for (let i = 0; i < count; i++) indices[to + i] = index(i);
    x += count;
  };
  const nibble = (byte: number, i: number): number => (i % 2 === 0 ? byte >> 4 : byte & 15);
  while (y < height && !(y === height - 1 && x === width)) {
    const [count, code] = [next(), next()];
    if (count > 0) {
      put(count, bits === 4 ? (i) => nibble(code, i) : () => code);
    } else if (code === 0) {
      [x, y] = [0, y + 1];
    } else if (code === 1) {
      break;
    } else if (code === 2) {
      x += next();
      y += next();
    } else {
      const first = at;
      at += Math.ceil((code * bits) / 16) * 2;
      if (at > bytes.length) throw new FormatError("a bitmap whose runs are cut short");
      put(code, (i) =>
        bits === 4 ? nibble(bytes[first + (i >> 1)] ?? 0, i) : (bytes[first + i] ?? 0),
      );
    }
  }
  return indices;
}

/** The bytes of a bitmap of 24 bits, or of 8 with a palette of greys where there is one channel, as OpenCV writes it. */
export function encodeBmp({ channels, height, width, data }: Image): Uint8Array {
  const isGray = channels < 3;
  const [step, colors] = isGray ? [1, 256] : [3, 0];
  const stride = Math.ceil((width * step) / 4) * 4;
  const start = 54 + 4 * colors;
  const bytes = new Uint8Array(start + stride * height);
  const view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]);
  const fields = [bytes.length, 0, start, 40, width, height, 1 | ((8 * step) << 16)];
  fields.forEach((value, i) => {
    view.setUint32(2 + 4 * i, value, true);
  });
  for (let i = 0; i < colors; i++) bytes.fill(i, 54 + 4 * i, 57 + 4 * i);
  const plane = height * width;
  for (let y = 0; y < height; y++) {
    const row = start + stride * (height - 1 - y);
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < step; c++)
        bytes[row + step * x + c] = data[c * plane + y * width + x] ?? 0;
    }
  }
  return bytes;
}
