import { extname } from "node:path";
import { FormatError } from "../util/errors.ts";
import type { Image } from "./image.ts";

/** Kinds of image files that can be written, by their suffixes. */
const kinds: Readonly<Record<string, "jpeg" | "png" | "webp" | "tiff">> = {
  jpg: "jpeg",
  jpeg: "jpeg",
  png: "png",
  webp: "webp",
  tif: "tiff",
  tiff: "tiff",
};
/** OpenCV's quality. */
const QUALITY = 95;

/** A file name's suffix, in small letters and without its dot. */
export function suffixOf(path: string): string {
  return extname(path).slice(1).toLowerCase();
}

/** Whether two suffixes stand for one kind of file. */
export function isSameKind(a: string, b: string): boolean {
  return a === b || (kinds[a] !== undefined && kinds[a] === kinds[b]);
}

/**
 * Makes sure that images of a kind can be written.
 * @throws FormatError where they cannot
 */
export function checkKind(suffix: string): void {
  if (kinds[suffix]) return;
  throw new FormatError(
    `images of kind "${suffix}" cannot be written. Expected one of ${Object.keys(kinds).join(", ")}.`,
  );
}

/**
 * The bytes of an image file.
 *
 * @param suffix its kind: jpg (of quality 95, as OpenCV writes it), png, webp or tiff
 * @throws FormatError where images of that kind cannot be written
 */
export async function encodeImage(image: Image, suffix: string): Promise<Uint8Array> {
  checkKind(suffix);
  const { channels, height, width, data } = image;
  const size = height * width;
  // Red first, the channels of a pixel side by side; a fourth channel stays the last.
  const order = channels >= 3 ? [2, 1, 0, 3] : [0, 1];
  const pixels = new Uint8Array(data.length);
  for (let c = 0; c < channels; c++) {
    const from = (order[c] ?? c) * size;
    for (let i = 0; i < size; i++) pixels[i * channels + c] = data[from + i] ?? 0;
  }
  const { default: sharp } = await import("sharp");
  const raw = { width, height, channels: channels as 1 | 2 | 3 | 4 };
  return sharp(pixels, { raw })
    .toColourspace(channels < 3 ? "b-w" : "srgb")
    .toFormat(kinds[suffix] ?? "png", kinds[suffix] === "png" ? {} : { quality: QUALITY })
    .toBuffer();
}
