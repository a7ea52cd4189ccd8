import { readText } from "../../io/files/read-file.ts";
import type { ResizeParameter } from "../../io/proto/caffe.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { areaOf, type Box, clipBox } from "../../util/box.ts";
import { FileError } from "../../util/errors.ts";
import { scaleBox } from "./boxes.ts";

/** An image as a list of names and sizes has it. */
export interface SizedImage {
  readonly name: string;
  readonly height: number;
  readonly width: number;
}

/**
 * Reads a list of images, a line "name height width" each.
 * @throws FileError where there is none, or a line is another
 */
export function readImageSizes(path: string): readonly SizedImage[] {
  const lines = readText(path, "name_size_file").split(/\r?\n/);
  const images: SizedImage[] = [];
  lines.forEach((line, i) => {
    const words = line.trim().split(/\s+/);
    if (words.length === 1 && words[0] === "") return;
    const [name = "", height, width] = words;
    const size = [Number(height), Number(width)] as const;
    if (words.length !== 3 || !size.every((n) => Number.isInteger(n) && n > 0)) {
      throw new FileError(
        `${path}:${i + 1}: "${line.trim().slice(0, 80)}". Expected a name, a height and a width.`,
      );
    }
    images.push({ name, height: size[0], width: size[1] });
  });
  if (images.length === 0) throw new FileError(`${path} names no image.`);
  return images;
}

/**
 * A box of shares as pixels of the image that it was found in, before that was resized; and its area.
 *
 * @param resize how the image was brought to the net's size
 */
export function boxInImage(
  box: Box,
  { height, width }: SizedImage,
  resize: ResizeParameter | undefined,
): { readonly box: Box; readonly area: number } {
  const scaled = (shares: Box, w: number, h: number): { box: Box; area: number } => {
    const result = scaleBox(shares, w, h);
    return { box: result, area: areaOf(result, w > 1 || h > 1) };
  };
  const whole = (shares: Box): { box: Box; area: number } => scaled(clipBox(shares), width, height);
  if (!resize) return whole(box);
  const param = withDefaults("ResizeParameter", resize);
  if (param.resize_mode === "FIT_LARGE_SIZE_AND_PAD") {
    return whole(withoutPadding(box, width, height, param.width, param.height));
  }
  if (param.resize_mode === "FIT_SMALL_SIZE" && param.height_scale > 0 && param.width_scale > 0) {
    const clipped = clipBox(scaled(box, param.width_scale, param.height_scale).box, width, height);
    return { box: clipped, area: areaOf(clipped) };
  }
  return whole(box);
}

/** A box of shares of a padded image as shares of what lies within the padding. */
function withoutPadding(
  box: Box,
  width: number,
  height: number,
  toWidth: number,
  toHeight: number,
): Box {
  const { fround } = Math;
  const aspect = fround(width / height);
  const isWide = aspect > fround(toWidth / toHeight);
  const [padded, filled] = isWide
    ? [toHeight, fround(toWidth / aspect)]
    : [toWidth, fround(toHeight * aspect)];
  const from = fround(fround(fround(padded - filled) / 2) / padded);
  const inner: Box = isWide ? [0, from, 1, fround(1 - from)] : [from, 0, fround(1 - from), 1];
  const isOutside =
    box[0] >= inner[2] || box[2] <= inner[0] || box[1] >= inner[3] || box[3] <= inner[1];
  if (isOutside) return box;
  const [w, h] = [fround(inner[2] - inner[0]), fround(inner[3] - inner[1])];
  return [
    fround(fround(box[0] - inner[0]) / w),
    fround(fround(box[1] - inner[1]) / h),
    fround(fround(box[2] - inner[0]) / w),
    fround(fround(box[3] - inner[1]) / h),
  ];
}
