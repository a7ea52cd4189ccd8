import { extname } from "node:path";
import type { Sharp } from "sharp";
import { FormatError } from "../../util/errors.ts";
import { encodeBmp } from "./bmp.ts";
import type { Image } from "./image.ts";
import { encodeNetpbm } from "./netpbm.ts";
import { loadSharp } from "./sharp.ts";

/** Kinds of image files that can be written, by their suffixes. */
const kinds: ReadonlyMap<string, "jpeg" | "png" | "webp" | "tiff" | "bmp" | "netpbm"> = new Map([
  ["jpg", "jpeg"],
  ["jpeg", "jpeg"],
  ["png", "png"],
  ["webp", "webp"],
  ["tif", "tiff"],
  ["tiff", "tiff"],
  ["bmp", "bmp"],
  ["ppm", "netpbm"],
  ["pgm", "netpbm"],
  ["pnm", "netpbm"],
]);
/** As OpenCV writes them: JPEG alone loses something. */
const settings = {
  jpeg: { quality: 95 },
  png: {},
  webp: { lossless: true },
  tiff: { compression: "lzw" },
} as const;

/** A file name's suffix, in small letters and without its dot. */
export function suffixOf(path: string): string {
  return extname(path).slice(1).toLowerCase();
}

/** Whether two suffixes stand for one kind of file. */
export function isSameKind(a: string, b: string): boolean {
  const kind = kinds.get(a);
  return a === b || (kind !== undefined && kind === kinds.get(b));
}

/**
 * Makes sure that images of a kind can be written.
 * @throws FormatError where they cannot
 */
export function checkSuffix(suffix: string): void {
  if (kinds.has(suffix)) return;
  throw new FormatError(
    `images of kind "${suffix}" cannot be written. Expected one of ${[...kinds.keys()].join(", ")}.`,
  );
}

/**
 * The bytes of an image file.
 *
 * @param suffix its kind: jpg (of quality 95, as OpenCV writes it), png, webp, tiff, bmp, ppm, pgm or pnm
 * @throws FormatError where images of that kind cannot be written
 */
export async function encodeImage(image: Image, suffix: string): Promise<Uint8Array> {
  checkSuffix(suffix);
  const kind = kinds.get(suffix) ?? "png";
  if (kind === "bmp") return encodeBmp(image);
  if (kind === "netpbm") return encodeNetpbm(image);
  return (await pixelsForSharp(image)).toFormat(kind, settings[kind]).toBuffer();
}

/** The bytes of a JPEG of a quality from 1 to 100, with colours at half the size, as libjpeg writes it by default. */
export async function encodeJpeg(image: Image, quality: number): Promise<Uint8Array> {
  return (await pixelsForSharp(image)).jpeg({ quality, chromaSubsampling: "4:2:0" }).toBuffer();
}

async function pixelsForSharp({ channels, height, width, data }: Image): Promise<Sharp> {
  const size = height * width;
  // Red first, the channels of a pixel side by side; a fourth channel stays the last.
  const order = channels >= 3 ? [2, 1, 0, 3] : [0, 1];
  const pixels = new Uint8Array(data.length);
  for (let c = 0; c < channels; c++) {
    const from = (order[c] ?? c) * size;
    for (let i = 0; i < size; i++) pixels[i * channels + c] = data[from + i] ?? 0;
  }
  const sharp = await loadSharp();
  const raw = { width, height, channels: channels as 1 | 2 | 3 | 4 };
  return sharp(pixels, { raw }).toColourspace(channels < 3 ? "b-w" : "srgb");
}
