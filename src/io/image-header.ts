import { FormatError } from "../util/errors.ts";

/** What an image's header tells. */
export interface ImageHeader {
  readonly format: "JPEG" | "PNG" | "GIF" | "BMP" | "WebP" | "TIFF";
  readonly height: number;
  readonly width: number;
  /** Values of a pixel when it is decoded unchanged: 1, 3, or 4 with transparency. JPEG: as stored, 4 is CMYK. */
  readonly channels: number;
  /** How EXIF says it should be turned, 1 to 8. */
  readonly orientation: number;
}

/** More pixels than this are refused before any is decoded: a small file may ask for all of the memory. */
export const MOST_PIXELS: number = 2 ** 27;

/**
 * Reads an image's header, without decoding the image.
 *
 * @param source names the image, for messages
 * @throws FormatError where it is no JPEG, PNG, GIF, BMP, WebP or TIFF, or has more than 2²⁷ pixels
 */
export function imageHeader(bytes: Uint8Array, source: string): ImageHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = headerOf(view);
  if (!header || header.height < 1 || header.width < 1) {
    throw new FormatError(
      `Could not load ${source}: it does not begin as an image does. Expected a JPEG, PNG, BMP, GIF, TIFF or WebP.`,
    );
  }
  if (header.height * header.width > MOST_PIXELS) {
    throw new FormatError(
      `Could not load ${source}: it is ${header.height}×${header.width}. Expected ${MOST_PIXELS} pixels at most.`,
    );
  }
  return header;
}

function headerOf(view: DataView): ImageHeader | undefined {
  if (view.byteLength < 26) return undefined;
  try {
    return png(view) ?? gif(view) ?? bmp(view) ?? jpeg(view) ?? webp(view) ?? tiff(view, 0);
  } catch (error) {
    // Where the header ends in its middle.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function png(view: DataView): ImageHeader | undefined {
  if (view.getUint32(0) !== 0x89504e47) return undefined;
  const [height, width, kind] = [view.getUint32(20), view.getUint32(16), view.getUint8(25)];
  // 0 grey, 2 colour, 3 palette, 4 grey with alpha, 6 colour with alpha. Colours may have a transparent one (tRNS).
  const isTransparent = kind >= 4 || (kind !== 0 && hasChunkBeforePixels(view, 0x74524e53));
  const channels = kind === 0 ? 1 : isTransparent ? 4 : 3;
  return { format: "PNG", height, width, channels, orientation: 1 };
}

function hasChunkBeforePixels(view: DataView, wanted: number): boolean {
  const pixels = 0x49444154;
  for (let at = 8; at + 8 < view.byteLength; at += 12 + view.getUint32(at)) {
    const kind = view.getUint32(at + 4);
    if (kind === wanted || kind === pixels) return kind === wanted;
  }
  return false;
}

function gif(view: DataView): ImageHeader | undefined {
  if (view.getUint32(0) !== 0x47494638) return undefined;
  const [height, width] = [view.getUint16(8, true), view.getUint16(6, true)];
  return { format: "GIF", height, width, channels: 3, orientation: 1 };
}

function bmp(view: DataView): ImageHeader | undefined {
  if (view.getUint16(0) !== 0x424d) return undefined;
  const [height, width] = [Math.abs(view.getInt32(22, true)), view.getInt32(18, true)];
  return { format: "BMP", height, width, channels: hasGreyPalette(view) ? 1 : 3, orientation: 1 };
}

/** Whether a bitmap has 8 bits for each pixel, and each stands for a grey. */
function hasGreyPalette(view: DataView): boolean {
  if (view.getUint16(28, true) !== 8) return false;
  for (let at = 14 + view.getUint32(14, true); at < view.getUint32(10, true); at += 4) {
    const blue = view.getUint8(at);
    if (view.getUint8(at + 1) !== blue || view.getUint8(at + 2) !== blue) return false;
  }
  return true;
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
      orientation = exifOrientation(view, at + 10);
    }
    at += 2 + view.getUint16(at + 2);
  }
  return undefined;
}

function exifOrientation(view: DataView, at: number): number {
  try {
    return tiff(view, at)?.orientation ?? 1;
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

/** A TIFF file, or what EXIF keeps in the form of one, that begins at `start`. */
function tiff(view: DataView, start: number): ImageHeader | undefined {
  const order = view.getUint32(start);
  if (order !== 0x49492a00 && order !== 0x4d4d002a) return undefined;
  const little = order === 0x49492a00;
  const directory = start + view.getUint32(start + 4, little);
  const tags = new Map<number, number>();
  for (let i = 0; i < view.getUint16(directory, little); i++) {
    const at = directory + 2 + 12 * i;
    const isShort = view.getUint16(at + 2, little) === 3;
    tags.set(
      view.getUint16(at, little),
      isShort ? view.getUint16(at + 8, little) : view.getUint32(at + 8, little),
    );
  }
  const orientation = tags.get(0x112) ?? 1;
  return {
    format: "TIFF",
    height: tags.get(0x101) ?? 0,
    width: tags.get(0x100) ?? 0,
    channels: tags.get(0x115) ?? 1,
    orientation: orientation >= 1 && orientation <= 8 ? orientation : 1,
  };
}
