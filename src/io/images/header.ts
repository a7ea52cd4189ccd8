import { FormatError } from "../../util/errors.ts";
import { bmpImageHeader } from "./bmp.ts";
import type { ImageHeader } from "./image.ts";
import { netpbmImageHeader } from "./netpbm.ts";
import { TiffDirectory, tiffImageHeader } from "./tiff.ts";
import { unreadKindOf } from "./unread-kinds.ts";

/** More pixels than this are refused before any is decoded: a small file may ask for all of the memory. */
export const MOST_PIXELS: number = 2 ** 27;

/**
 * Reads an image's header, without decoding the image.
 *
 * @param source names the image, for messages
 * @throws FormatError where it is none of these kinds, or has more than 2²⁷ pixels
 */
export function imageHeader(bytes: Uint8Array, source: string): ImageHeader {
  const header = headerOf(bytes, source);
  if (!header || header.height < 1 || header.width < 1) {
    const kind = unreadKindOf(bytes);
    const found = kind ? `it is ${kind}` : "it does not begin as an image does";
    throw new FormatError(
      `Could not load ${source}: ${found}. Expected a JPEG, PNG, BMP, GIF, TIFF, WebP, PBM, PGM or PPM.`,
    );
  }
  if (header.height * header.width > MOST_PIXELS) {
    throw new FormatError(
      `Could not load ${source}: it is ${header.height}×${header.width}. Expected ${MOST_PIXELS} pixels at most.`,
    );
  }
  return header;
}

/** The error to throw for what is wrong with an image. */
export function unreadable(source: string, problem: string, cause?: unknown): FormatError {
  return new FormatError(`Could not load ${source}: ${problem}.`, { cause });
}

function headerOf(bytes: Uint8Array, source: string): ImageHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return (
      jpeg(view) ??
      netpbmImageHeader(bytes) ??
      bmpImageHeader(view) ??
      png(view) ??
      gif(view) ??
      webp(view) ??
      tiffImageHeader(view)
    );
  } catch (error) {
    // Where the header ends in its middle.
    if (error instanceof RangeError) return undefined;
    throw error instanceof FormatError ? unreadable(source, error.message, error) : error;
  }
}

/** Kinds of a PNG's chunks: pixels, a transparent colour, EXIF. */
const [IDAT, TRNS, EXIF] = [0x49444154, 0x74524e53, 0x65584966];

function png(view: DataView): ImageHeader | undefined {
  if (view.getUint32(0) !== 0x89504e47) return undefined;
  const [height, width, kind] = [view.getUint32(20), view.getUint32(16), view.getUint8(25)];
  // Chunks before the pixels, but EXIF may stand behind them too.
  const chunks = new Map<number, number>();
  for (let at = 8; at + 8 < view.byteLength; at += 12 + view.getUint32(at)) {
    const name = view.getUint32(at + 4);
    if (!chunks.has(name) && (name === EXIF || !chunks.has(IDAT))) chunks.set(name, at);
  }
  // 0 grey, 2 colour, 3 palette, 4 grey with alpha, 6 colour with alpha. Colours may have a transparent one.
  const isTransparent = kind >= 4 || (kind !== 0 && chunks.has(TRNS));
  const channels = kind === 0 ? 1 : isTransparent ? 4 : 3;
  const exif = chunks.get(EXIF);
  const orientation =
    exif === undefined ? 1 : exifOrientation(view, exif + 8, view.getUint32(exif));
  return { format: "PNG", height, width, channels, orientation };
}

function gif(view: DataView): ImageHeader | undefined {
  if (view.getUint32(0) !== 0x47494638) return undefined;
  const [height, width] = [view.getUint16(8, true), view.getUint16(6, true)];
  return { format: "GIF", height, width, channels: 3, orientation: 1 };
}

/** The size lies in the frame header, a segment of kind C0 to CF but for the tables C4, C8 and CC. */
function jpeg(view: DataView): ImageHeader | undefined {
  if (view.getUint16(0) !== 0xffd8) return undefined;
  let orientation = 1;
  for (let at = 2; at + 9 < view.byteLength; ) {
    const marker = view.getUint16(at);
    if (marker === 0xffff) {
      at++;
      continue;
    }
    if (marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker)) {
      const [height, width] = [view.getUint16(at + 5), view.getUint16(at + 7)];
      return { format: "JPEG", height, width, channels: view.getUint8(at + 9), orientation };
    }
    if (marker < 0xff00) return undefined;
    // "Exif" and two zeros, then a TIFF file.
    if (marker === 0xffe1 && view.getUint32(at + 4) === 0x45786966) {
      orientation = exifOrientation(view, at + 10, view.getUint16(at + 2) - 8);
    }
    at += 2 + view.getUint16(at + 2);
  }
  return undefined;
}

/** What EXIF, which has the form of a TIFF, says of an image's orientation; 1 where it is damaged. */
function exifOrientation(view: DataView, start: number, length: number): number {
  try {
    const exif = new DataView(view.buffer, view.byteOffset + start, length);
    return TiffDirectory.of(exif)?.orientation ?? 1;
  } catch {
    return 1;
  }
}

function webp(view: DataView): ImageHeader | undefined {
  if (view.getUint32(0) !== 0x52494646 || view.getUint32(8) !== 0x57454250) return undefined;
  const sized = (height: number, width: number, channels: number): ImageHeader => ({
    format: "WebP",
    height,
    width,
    channels,
    orientation: 1,
  });
  const kind = view.getUint32(12);
  const u24 = (at: number): number => view.getUint16(at, true) + view.getUint8(at + 2) * 65_536;
  // "VP8 ", with loss
  if (kind === 0x56503820)
    return sized(view.getUint16(28, true) & 0x3fff, view.getUint16(26, true) & 0x3fff, 3);
  // "VP8L", without: 14 bits each, less 1
  if (kind === 0x5650384c) {
    const bits = view.getUint32(21, true);
    return sized(((bits >>> 14) & 0x3fff) + 1, (bits & 0x3fff) + 1, (bits >>> 28) & 1 ? 4 : 3);
  }
  // "VP8X", extended
  return sized(u24(27) + 1, u24(24) + 1, view.getUint8(20) & 16 ? 4 : 3);
}
