import type { Random } from "../../util/random.ts";
import { type Interpolation, resized } from "./interpolation.ts";
import { cropped, type Raster } from "./raster.ts";
import { applyPolicy, type ResizePolicy } from "./resize-policy.ts";

/** NVIDIA's random sizes: all of these are done. */
interface RandomScale {
  readonly kind: "scale";
  /** The shorter side becomes a number between these; 0 for its own. */
  readonly lower: number;
  readonly upper: number;
  /** The longer side becomes the shorter one times a number between these, where they are 1 or more. */
  readonly ratioLower: number;
  readonly ratioUpper: number;
  /** Height and width are multiplied by numbers between these. */
  readonly verticalLower: number;
  readonly verticalUpper: number;
  readonly horizontalLower: number;
  readonly horizontalUpper: number;
  /** No side becomes smaller than this, nor larger than it was unless `allowsUpscale`. */
  readonly least: number;
  readonly allowsUpscale: boolean;
  /** Where neither side grows, and where one does. */
  readonly down: Interpolation;
  readonly up: Interpolation;
}

/** Intel's random_resize_param: the shorter side becomes a number between these; 0 for the shorter and the longer one. */
interface RandomShorter {
  readonly kind: "shorter";
  readonly minSize: number;
  readonly maxSize: number;
  readonly policy: ResizePolicy;
}

/** Intel's random_aspect_ratio_param: a part of the image, of another aspect, becomes crop_size × crop_size. */
interface RandomPart {
  readonly kind: "part";
  readonly minArea: number;
  readonly maxArea: number;
  readonly aspectChange: number;
  readonly attempts: number;
  readonly side: number;
  readonly policy: ResizePolicy;
}

/** How an image comes to a size that is drawn. */
export type RandomSize = RandomScale | RandomShorter | RandomPart;

/**
 * Brings an image of bytes to a size that is drawn.
 * @see NVIDIA's image_random_resize; Intel's RandomResizeImage and RandomAlterAspectRatio
 */
export function randomlySized(size: RandomSize, image: Raster, random: Random): Raster {
  if (size.kind === "scale") return scaled(size, image, random);
  if (size.kind === "part") return partOf(size, image, random);
  const [shorter, longer] = [image.height, image.width].sort((a, b) => a - b) as [number, number];
  const [from, to] = [size.minSize || shorter, size.maxSize || longer];
  return withShorter(size.policy, image, from + random.below(to - from + 1), random);
}

function scaled(size: RandomScale, image: Raster, random: Random): Raster {
  const shorter = Math.min(image.height, image.width);
  const isDrawn = size.lower > 0 && size.upper > 0;
  const to = isDrawn ? size.lower + random.below(size.upper - size.lower + 1) : shorter;
  let [height, width] = [(to / shorter) * image.height, (to / shorter) * image.width];
  if (size.ratioLower >= 1 && size.ratioUpper > 1) {
    const ratio = random.uniform(size.ratioLower, size.ratioUpper);
    const isWider = width === height ? random.below(2) > 0 : width > height;
    if (isWider) width = height * ratio;
    else height = width * ratio;
  }
  height *= random.uniform(size.verticalLower, size.verticalUpper);
  width *= random.uniform(size.horizontalLower, size.horizontalUpper);
  const side = (wanted: number, own: number): number => {
    const atLeast = Math.max(size.least, Math.round(wanted), 1);
    return size.allowsUpscale ? atLeast : Math.min(atLeast, own);
  };
  const [rows, columns] = [side(height, image.height), side(width, image.width)];
  const shrinks = rows <= image.height && columns <= image.width;
  return resized(image, rows, columns, shrinks ? size.down : size.up);
}

function withShorter(policy: ResizePolicy, image: Raster, side: number, random: Random): Raster {
  const { height, width } = image;
  const size =
    height < width
      ? { height: side, width: Math.trunc((width / height) * side) }
      : { height: Math.trunc((height / width) * side), width: side };
  return applyPolicy({ ...policy, ...size }, image, random);
}

function partOf(size: RandomPart, image: Raster, random: Random): Raster {
  const { side, policy, aspectChange } = size;
  for (let attempt = 0; attempt < size.attempts; attempt++) {
    const area = thousandths(size.minArea, size.maxArea, random) * image.height * image.width;
    const change = thousandths(aspectChange, 1 / aspectChange, random);
    let height = Math.trunc(Math.sqrt(area) * change);
    let width = Math.trunc(Math.sqrt(area) / change);
    if (thousandths(0, 1, random) < 0.5) [height, width] = [width, height];
    if (height < 1 || width < 1 || height > image.height || width > image.width) continue;
    const top = random.below(image.height - height + 1);
    const left = random.below(image.width - width + 1);
    const part = cropped(image, top, left, height, width);
    return applyPolicy({ ...policy, height: side, width: side }, part, random);
  }
  return withShorter(policy, image, side, random);
}

/** A number between two, in steps of 1/1000. */
function thousandths(from: number, to: number, random: Random): number {
  return from + random.below(Math.trunc((to - from) * 1000 + 1)) / 1000;
}
