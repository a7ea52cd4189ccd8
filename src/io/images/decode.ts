import { FormatError } from "../../util/errors.ts";
import { imagesAddon } from "./addon.ts";
import { decodeBmp } from "./bmp.ts";
import { imageHeader, MOST_PIXELS, unreadable } from "./header.ts";
import type { ColorMode, Image, ImageHeader } from "./image.ts";
import { decodeNetpbm } from "./netpbm.ts";
import { imageOf, interleaved, oriented, type Raster } from "./raster.ts";
import { loadSharp } from "./sharp.ts";
import { decodeTiff } from "./tiff.ts";

/** (C, H, W) of what `ImageDecoder` makes of an image with this header. */
export function decodedShape(header: ImageHeader, mode: ColorMode): [number, number, number] {
  const { height, width } = header;
  const channels = mode === "color" ? 3 : mode === "gray" ? 1 : unchangedChannels(header);
  const orientation = turnOf(header, mode);
  return orientation >= 5 ? [channels, width, height] : [channels, height, width];
}

/** EXIF's turn; unchanged images are not turned, but for a TIFF, whose decoder does it. */
function turnOf({ format, orientation }: ImageHeader, mode: ColorMode): number {
  return mode === "unchanged" && format !== "TIFF" ? 1 : orientation;
}

/** Four values of a JPEG's pixel are ink, which becomes colour. */
function unchangedChannels({ format, channels }: ImageHeader): number {
  return format === "JPEG" && channels !== 1 ? 3 : channels;
}

/**
 * Bytes to pixels, the work of this folder: what a program does with images as arrays of floats, as pycaffe's caffe.io, is
 * in `float-images`.
 *
 * Decodes JPEG, PNG, BMP, GIF, TIFF, WebP, PBM, PGM or PPM to what OpenCV makes of them: channels in the order blue, green, red;
 * 16 bits become 8. It keeps its memory: a raster holds until the next image.
 */
export class ImageDecoder {
  #memory = new Uint8Array(0);

  /**
   * The pixels of an image; at once where it is a JPEG and libjpeg-turbo has been built.
   *
   * @param source names the image, for messages
   * @throws FormatError where it is no image, damaged, cut short, or has more than 2²⁷ pixels
   */
  decode(bytes: Uint8Array, mode: ColorMode, source: string): Raster | Promise<Raster> {
    const header = imageHeader(bytes, source);
    const raster = this.#pixels(bytes, header, mode, source);
    const turn = (stored: Raster): Raster => oriented(stored, turnOf(header, mode));
    return raster instanceof Promise ? raster.then(turn) : turn(raster);
  }

  #pixels(
    bytes: Uint8Array,
    header: ImageHeader,
    mode: ColorMode,
    source: string,
  ): Raster | Promise<Raster> {
    const decode = decoders[header.format];
    if (decode) {
      try {
        const decoded = decode(bytes);
        if (decoded) return this.#recolor(decoded, header, mode);
      } catch (error) {
        throw unreadable(source, textOf(error), error);
      }
    }
    const addon = header.format === "JPEG" ? imagesAddon() : undefined;
    if (!addon) return this.#withSharp(bytes, header, mode, source);
    const { height, width, channels } = header;
    const isGray = mode === "gray" || (mode === "unchanged" && channels === 1);
    const decoded = channels === 4 ? 4 : isGray ? 1 : 3;
    const count = height * width * decoded;
    if (this.#memory.length < count) this.#memory = new Uint8Array(count);
    try {
      addon.decodeJpeg(bytes, width, height, decoded, this.#memory);
    } catch (error) {
      throw unreadable(source, `${textOf(error)}. Expected a whole image`, error);
    }
    const raster = interleaved(this.#memory, decoded, height, width);
    return decoded === 4 ? this.#recolor(fromInk(raster), header, mode) : raster;
  }

  async #withSharp(
    bytes: Uint8Array,
    header: ImageHeader,
    mode: ColorMode,
    source: string,
  ): Promise<Raster> {
    if (header.format === "JPEG" && header.channels === 4) {
      throw new FormatError(
        `Could not load ${source}: it is a JPEG in CMYK, and libjpeg-turbo has not been built. Run npm run build:native.`,
      );
    }
    const sharp = await loadSharp();
    try {
      const { data, info } = await sharp(bytes, {
        failOn: "error",
        ignoreIcc: true,
        limitInputPixels: MOST_PIXELS,
      })
        .toColourspace("srgb")
        .raw({ depth: "uchar" })
        .toBuffer({ resolveWithObject: true });
      const { channels, height, width } = info;
      return this.#recolor(redFirst(data, channels, height, width), header, mode);
    } catch (error) {
      // The library keeps one text for all threads: its words may be about another image.
      const problem = `the ${header.format} is damaged or cut short`;
      throw unreadable(source, `${problem}. Expected a whole image`, error);
    }
  }

  /** Brings pixels of 1 to 4 channels to those that are wanted. */
  #recolor(from: Raster, header: ImageHeader, mode: ColorMode): Raster {
    const { height, width } = from;
    const wanted = mode === "color" ? 3 : mode === "gray" ? 1 : unchangedChannels(header);
    if (from.channels === wanted) return from;
    const to = new Uint8Array(height * width * wanted);
    const isGray = from.channels < 3;
    const gray = grayOf[header.format] ?? grayOf.BMP;
    for (let y = 0, at = 0; y < height; y++) {
      let pixel = from.offset + y * from.rowStep;
      for (let x = 0; x < width; x++, pixel += from.columnStep) {
        const value = (c: number): number => from.data[pixel + c * from.channelStep] ?? 0;
        const [blue, green, red] = isGray
          ? [value(0), value(0), value(0)]
          : [value(0), value(1), value(2)];
        if (wanted === 1) to[at++] = isGray ? blue : gray(red, green, blue);
        else {
          to[at++] = blue;
          to[at++] = green;
          to[at++] = red;
          if (wanted === 4) to[at++] = from.channels % 2 === 0 ? value(from.channels - 1) : 255;
        }
      }
    }
    return interleaved(to, wanted, height, width);
  }
}

/** What is decoded here, as far as it is; libraries do the others. */
const decoders: Partial<Record<ImageHeader["format"], (bytes: Uint8Array) => Raster | undefined>> =
  {
    BMP: decodeBmp,
    Netpbm: decodeNetpbm,
    TIFF: decodeTiff,
  };

type GrayRule = (red: number, green: number, blue: number) => number;

/** Grey of a colour, as the library that OpenCV decodes each format with has it. */
const grayOf: Partial<Record<ImageHeader["format"], GrayRule>> & { readonly BMP: GrayRule } = {
  // libpng cuts off what is below a whole number, but for greys.
  PNG: (r, g, b) => (r === g && g === b ? r : (9797 * r + 19_234 * g + 3737 * b) >> 15),
  WebP: (r, g, b) => (9798 * r + 19_235 * g + 3735 * b + 16_384) >> 15,
  BMP: (r, g, b) => (4899 * r + 9617 * g + 1868 * b + 8192) >> 14,
};

/** Ink as JPEG stores it (inverted cyan, magenta, yellow and black) becomes blue, green and red. */
function fromInk({ data, height, width }: Raster): Raster {
  const pixels = new Uint8Array(height * width * 3);
  for (let from = 0, to = 0; to < pixels.length; from += 4, to += 3) {
    const black = data[from + 3] ?? 0;
    for (let i = 0; i < 3; i++) {
      pixels[to + 2 - i] = black - (((255 - (data[from + i] ?? 0)) * black) >> 8);
    }
  }
  return interleaved(pixels, 3, height, width);
}

/** Pixels in the order red, green, blue (and transparency), exchanged in place. */
function redFirst(data: Uint8Array, channels: number, height: number, width: number): Raster {
  if (channels >= 3) {
    for (let i = 0; i < data.length; i += channels) {
      const red = data[i] ?? 0;
      data[i] = data[i + 2] ?? 0;
      data[i + 2] = red;
    }
  }
  return interleaved(data, channels, height, width);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Decodes one image as Caffe's tools do, channel by channel.
 *
 * @param source names the image, for messages
 * @throws FormatError where it is no image, damaged, cut short, or has more than 2²⁷ pixels
 */
export async function decodeImage(
  bytes: Uint8Array,
  isColor: boolean,
  source: string,
): Promise<Image> {
  return imageOf(await new ImageDecoder().decode(bytes, isColor ? "color" : "gray", source));
}
