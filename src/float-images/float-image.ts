import { writeFileAtomically } from "../io/files/atomic-file.ts";
import { readBytes } from "../io/files/read-file.ts";
import { decodeImage } from "../io/images/decode.ts";
import { suffixOf } from "../io/images/encode.ts";
import { loadSharp } from "../io/images/sharp.ts";
import { CaffeError, FileError } from "../util/errors.ts";
import type { NdArray } from "../util/nd-array.ts";
import { countOf, shapeText } from "../util/shape.ts";

/**
 * An image as people compute with it: H×W×K, row by row, the channels of a pixel side by side, red first (or one of
 * grey), values from 0 to 1.
 */
export interface FloatImage extends NdArray<Float32Array> {
  readonly shape: readonly [height: number, width: number, channels: number];
}

/**
 * Makes sure that something is an image.
 * @param what its name, for the message
 * @throws CaffeError where it is none
 */
export function checkImage(image: FloatImage, what = "the image"): void {
  const { shape, data } = (image ?? {}) as Partial<FloatImage>;
  if (Array.isArray(shape) && shape.length === 3 && data?.length === countOf(shape)) return;
  const given = Array.isArray(shape)
    ? `shape ${shapeText(shape)} with ${data?.length ?? "no"} values`
    : `${Array.isArray(image) ? "a list" : typeof image}`;
  throw new CaffeError(
    `${what} is ${given}. Expected H×W×K, as loadImage gives it ({ shape, data }), or the image's file.`,
  );
}

/**
 * Reads an image of any common format.
 * @param source its file, or its bytes
 * @param isColor three channels (the default), or one of grey
 * @throws FileError where it cannot be read, FormatError where it is no image, or damaged
 * @see pycaffe's load_image
 */
export async function loadImage(source: string | Uint8Array, isColor = true): Promise<FloatImage> {
  const name = typeof source === "string" ? source : "image";
  const bytes = typeof source === "string" ? readBytes(source, "image") : source;
  const { channels, height, width, data } = await decodeImage(bytes, isColor, name);
  const size = height * width;
  const pixels = new Float32Array(size * channels);
  for (let c = 0; c < channels; c++) {
    // Decoded planes come blue first.
    const plane = (channels - 1 - c) * size;
    for (let i = 0; i < size; i++) pixels[i * channels + c] = (data[plane + i] ?? 0) / 255;
  }
  return { shape: [height, width, channels], data: pixels };
}

/**
 * Writes an image; the file's ending says how (png, jpg, webp). Values outside [0, 1] are clipped.
 * @throws CaffeError where it has not 1 or 3 channels, FileError where the file cannot be written
 */
export async function saveImage(path: string, image: FloatImage): Promise<void> {
  let encoded: Uint8Array;
  try {
    encoded = await encoded8(image, suffixOf(path));
  } catch (error) {
    if (error instanceof CaffeError) throw error;
    throw new FileError(`image "${path}" cannot be written: ${(error as Error).message}.`, {
      cause: error,
    });
  }
  writeFileAtomically(path, [encoded]);
}

/**
 * An image as the bytes of a PNG file. Values outside [0, 1] are clipped.
 * @throws CaffeError where it has not 1 or 3 channels
 */
export async function pngOf(image: FloatImage): Promise<Uint8Array> {
  return encoded8(image, "png");
}

async function encoded8({ shape, data }: FloatImage, kind: string): Promise<Uint8Array> {
  const [height, width, channels] = shape;
  if (channels !== 1 && channels !== 3) {
    throw new CaffeError(`an image of shape ${shapeText(shape)}. Expected 1 or 3 channels.`);
  }
  const bytes = Uint8Array.from(data, (value) => Math.round(255 * Math.min(1, Math.max(0, value))));
  const sharp = await loadSharp();
  return sharp(bytes, { raw: { width, height, channels } })
    .toColourspace(channels === 1 ? "b-w" : "srgb")
    .toFormat(kind as "png")
    .toBuffer();
}

/** A rectangle of an image, in pixels: from `top` and `left`, up to but without `bottom` and `right`. */
export interface Box {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/**
 * A part of an image.
 * @throws CaffeError where the box is empty or reaches beyond the image
 */
export function cropImage(image: FloatImage, { top, left, bottom, right }: Box): FloatImage {
  const [height, width, channels] = image.shape;
  const isInside = top >= 0 && left >= 0 && bottom <= height && right <= width;
  if (!isInside || bottom <= top || right <= left) {
    throw new CaffeError(
      `rows ${top} to ${bottom} and columns ${left} to ${right} of an image of ${height}×${width}. Expected a box within it.`,
    );
  }
  const row = (right - left) * channels;
  const data = new Float32Array((bottom - top) * row);
  for (let y = top; y < bottom; y++) {
    const from = (y * width + left) * channels;
    data.set(image.data.subarray(from, from + row), (y - top) * row);
  }
  return { shape: [bottom - top, right - left, channels], data };
}

/** The image seen in a mirror: left and right exchanged. */
export function mirrorImage(image: FloatImage): FloatImage {
  const [height, width, channels] = image.shape;
  const data = new Float32Array(image.data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * channels;
      const to = (y * width + width - 1 - x) * channels;
      for (let c = 0; c < channels; c++) data[to + c] = image.data[from + c] ?? 0;
    }
  }
  return { shape: image.shape, data };
}

/**
 * The image at another size, by bilinear interpolation between pixel centres.
 * @see pycaffe's resize_image
 */
export function resizeImage(image: FloatImage, height: number, width: number): FloatImage {
  const [h, w, channels] = image.shape;
  if (h === height && w === width) return image;
  const [rows, columns] = [samples(h, height), samples(w, width)];
  const data = new Float32Array(height * width * channels);
  let to = 0;
  for (let y = 0; y < height; y++) {
    const [y0, y1, fy] = rows[y] as Sample;
    for (let x = 0; x < width; x++) {
      const [x0, x1, fx] = columns[x] as Sample;
      for (let c = 0; c < channels; c++) {
        const at = (row: number, column: number): number =>
          image.data[(row * w + column) * channels + c] ?? 0;
        const upper = at(y0, x0) * (1 - fx) + at(y0, x1) * fx;
        const lower = at(y1, x0) * (1 - fx) + at(y1, x1) * fx;
        data[to++] = upper * (1 - fy) + lower * fy;
      }
    }
  }
  return { shape: [height, width, channels], data };
}

/** Two places around a point, and how much of the second. */
type Sample = readonly [near: number, far: number, share: number];

function samples(from: number, to: number): Sample[] {
  return Array.from({ length: to }, (_, i) => {
    const at = Math.min(Math.max((i + 0.5) * (from / to) - 0.5, 0), from - 1);
    const near = Math.floor(at);
    return [near, Math.min(near + 1, from - 1), at - near];
  });
}

/**
 * Ten crops of each image: the four corners and the centre, then the same in a mirror.
 * @param size height and width of a crop
 * @throws CaffeError where an image is smaller than the crop
 * @see pycaffe's oversample
 */
export function oversample(
  images: readonly FloatImage[],
  [height, width]: readonly [number, number],
): FloatImage[] {
  return images.flatMap((image) => {
    const [h, w] = image.shape;
    const corners = [0, h - height].flatMap((top) =>
      [0, w - width].map((left) => [top, left] as const),
    );
    const centre = [Math.floor((h - height) / 2), Math.floor((w - width) / 2)] as const;
    const crops = [...corners, centre].map(([top, left]) =>
      cropImage(image, { top, left, bottom: top + height, right: left + width }),
    );
    return [...crops, ...crops.map(mirrorImage)];
  });
}
