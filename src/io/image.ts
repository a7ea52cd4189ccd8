import sharp from "sharp";
import { FormatError } from "../util/errors.ts";
import { decodeBmp, isBmp } from "./bmp.ts";
import type { Datum } from "./datum.ts";

/** An image as records hold it: channel by channel, blue first. */
export type Image = Pick<Datum, "channels" | "height" | "width" | "data">;

/**
 * Decodes JPEG, PNG, BMP, GIF, TIFF or WebP as OpenCV does: three channels in the order blue, green, red, or one
 * of grey; 16 bits become 8, transparency is dropped.
 *
 * @param source names the image, for messages
 * @throws FormatError where it is none of these, or damaged
 */
export async function decodeImage(
  bytes: Uint8Array,
  isColor: boolean,
  source: string,
): Promise<Image> {
  if (isBmp(bytes)) return planes(decodeBmp(bytes, source), isColor);
  try {
    const { data, info } = await sharp(bytes, { failOn: "error" })
      .removeAlpha()
      .toColourspace("srgb")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    return planes(
      { pixels: data, channels: info.channels, height: info.height, width: info.width },
      isColor,
    );
  } catch (error) {
    throw new FormatError(
      `Could not load ${source}: ${error instanceof Error ? error.message : String(error)}. Expected an image, such as JPEG or PNG.`,
      { cause: error },
    );
  }
}

/** Pixels row by row, the channels of each (grey; or red, green, blue) side by side. */
export interface Pixels {
  readonly pixels: Uint8Array;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

function planes({ pixels, channels: given, height, width }: Pixels, isColor: boolean): Image {
  const channels = isColor ? 3 : 1;
  const size = height * width;
  const data = new Uint8Array(channels * size);
  const isGrey = given < 3;
  for (let i = 0, at = 0; i < size; i++, at += given) {
    const red = pixels[at] ?? 0;
    const green = isGrey ? red : (pixels[at + 1] ?? 0);
    const blue = isGrey ? red : (pixels[at + 2] ?? 0);
    if (isColor) {
      data[i] = blue;
      data[size + i] = green;
      data[2 * size + i] = red;
    } else data[i] = isGrey ? red : Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
  }
  return { channels, height, width, data };
}

/** A rectangle of an image: columns [left, left + width), rows [top, top + height). */
export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * A part of an image at another size, by bilinear interpolation between pixel centres without smoothing.
 *
 * @see OpenCV's resize with INTER_LINEAR, which Caffe calls
 */
export function resizeImage(image: Image, height: number, width: number, part?: Rectangle): Image {
  const {
    left,
    top,
    width: w,
    height: h,
  } = part ?? { left: 0, top: 0, width: image.width, height: image.height };
  const [rows, columns] = [samples(h, height), samples(w, width)];
  const data = new Uint8Array(image.channels * height * width);
  for (let c = 0, to = 0; c < image.channels; c++) {
    const plane = (c * image.height + top) * image.width + left;
    for (let y = 0; y < height; y++) {
      const [y0, y1, fy] = [rows.near[y] ?? 0, rows.far[y] ?? 0, rows.share[y] ?? 0];
      for (let x = 0; x < width; x++, to++) {
        const [x0, x1, fx] = [columns.near[x] ?? 0, columns.far[x] ?? 0, columns.share[x] ?? 0];
        const at = (row: number, column: number): number =>
          image.data[plane + row * image.width + column] ?? 0;
        const upper = at(y0, x0) * (1 - fx) + at(y0, x1) * fx;
        const lower = at(y1, x0) * (1 - fx) + at(y1, x1) * fx;
        data[to] = Math.round(upper * (1 - fy) + lower * fy);
      }
    }
  }
  return { channels: image.channels, height, width, data };
}

/** For each of `to` places the two of `from` around it, and how much of the second. */
function samples(
  from: number,
  to: number,
): { near: Int32Array; far: Int32Array; share: Float64Array } {
  const result = { near: new Int32Array(to), far: new Int32Array(to), share: new Float64Array(to) };
  for (let i = 0; i < to; i++) {
    const at = Math.min(Math.max((i + 0.5) * (from / to) - 0.5, 0), from - 1);
    const near = Math.floor(at);
    result.near[i] = near;
    result.far[i] = Math.min(near + 1, from - 1);
    result.share[i] = at - near;
  }
  return result;
}
