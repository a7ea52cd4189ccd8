import { FormatError } from "../../util/errors.ts";
import type { Random } from "../../util/random.ts";
import type { Raster } from "./raster.ts";
import { resizeLinear } from "./resize.ts";

/** How the part of an image that a net sees is drawn in TRAIN, where it is not as large as the crop and anywhere. */
export interface DrawnCrop {
  /** The corners and the middle, or also the middles of the sides and of the quarters; undefined for any place. */
  readonly places: "five" | "thirteen" | undefined;
  /** Sides of the part, in shares of the image's shorter side; undefined for those of the crop. */
  readonly ratios: readonly number[] | undefined;
  /** Height and width are ratios that stand so many places apart at most. */
  readonly mostDistortion: number;
}

/** A part of an image. */
export interface Part {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

type Size = Pick<Raster, "height" | "width">;

/** Quarters of what an image exceeds a part, down and across: where fixed places are. */
const FIVE = [
  [0, 0],
  [0, 4],
  [4, 0],
  [4, 4],
  [2, 2],
] as const;
const THIRTEEN = [...FIVE, [0, 2], [4, 2], [2, 0], [2, 4], [1, 1], [1, 3], [3, 1], [3, 3]] as const;

/** A side this much next to that of the crop is taken for it. */
const ALIKE = 3;

/**
 * Draws a part: its size, and then its place.
 *
 * Sides are ⌊ratio · shorter side⌋, or the crop's where that is within 2 pixels of it. A fixed place is a multiple of
 * ⌊(image − part) / 4⌋.
 *
 * @see Wang et al., "Towards Good Practices for Very Deep Two-Stream ConvNets", 2015; yjxiong/caffe's DataTransformer
 */
export function drawPart(
  { places, ratios, mostDistortion }: DrawnCrop,
  image: Size,
  crop: Size,
  random: Random,
): Part {
  const sizes = ratios ? sizesOf(ratios, mostDistortion, image, crop) : [crop];
  const { height, width } = sizes[random.below(sizes.length)] ?? crop;
  const [rows, columns] = [image.height - height, image.width - width];
  if (!places) {
    const top = random.below(rows + 1);
    return { top, left: random.below(columns + 1), height, width };
  }
  const fixed = places === "five" ? FIVE : THIRTEEN;
  const [down, across] = fixed[random.below(fixed.length)] ?? FIVE[0];
  return {
    top: down * Math.floor(rows / 4),
    left: across * Math.floor(columns / 4),
    height,
    width,
  };
}

function sizesOf(
  ratios: readonly number[],
  mostDistortion: number,
  image: Size,
  crop: Size,
): readonly Size[] {
  const shorter = Math.min(image.height, image.width);
  const side = (ratio: number, wanted: number): number => {
    const own = Math.trunc(Math.fround(shorter * Math.fround(ratio)));
    return Math.abs(own - wanted) < ALIKE ? wanted : Math.max(own, 1);
  };
  return ratios.flatMap((down, h) =>
    ratios
      .filter((_, w) => Math.abs(h - w) <= mostDistortion)
      .map((across) => ({ height: side(down, crop.height), width: side(across, crop.width) })),
  );
}

/**
 * A part of an image at the size of the crop, by bilinear interpolation as OpenCV's.
 * @throws FormatError where the image's values are floats
 */
export function partAtSize(image: Raster, part: Part, crop: Size): Raster {
  if (image.data instanceof Uint8Array) return resizeLinear(image, crop.height, crop.width, part);
  throw new FormatError(
    "its values are floats, which transform_param.multi_scale cannot resize. Expected bytes.",
  );
}
