import type { Box } from "../../util/box.ts";
import type { Random } from "../../util/random.ts";
import { toByte } from "./bytes.ts";
import { bytesFor, planar, type Raster } from "./raster.ts";

/** The fields of expand_param. */
export interface Expansion {
  readonly probability: number;
  readonly maxRatio: number;
}

/** An image, and the box that it shows, in shares of the image it is made of. */
export interface Shown {
  readonly image: Raster;
  readonly region: Box;
}

const { fround, floor, trunc } = Math;

/**
 * Puts an image of bytes somewhere on a larger one, up to max_expand_ratio times as high and wide, which is filled with the
 * mean: objects become smaller.
 *
 * @param means none, one for all channels, or one for each
 * @returns undefined where it stays as it is
 * @see SSD's ExpandImage
 */
export function expanded(
  { probability, maxRatio }: Expansion,
  image: Raster,
  means: readonly number[],
  random: Random,
): Shown | undefined {
  if (random.uniform() > probability || Math.abs(maxRatio - 1) < 1e-2) return undefined;
  const ratio = fround(random.uniform(1, maxRatio));
  const { channels, offset, channelStep, rowStep, columnStep } = image;
  const height = trunc(fround(image.height * ratio));
  const width = trunc(fround(image.width * ratio));
  const top = floor(random.uniform(0, height - image.height));
  const left = floor(random.uniform(0, width - image.width));
  const data = bytesFor(channels, height, width);
  for (let c = 0; c < channels; c++) {
    const plane = data.subarray(c * height * width, (c + 1) * height * width);
    plane.fill(toByte(means[means.length > 1 ? c : 0] ?? 0));
    for (let y = 0; y < image.height; y++) {
      let from = offset + c * channelStep + y * rowStep;
      let to = (top + y) * width + left;
      for (const end = to + image.width; to < end; to++, from += columnStep) {
        plane[to] = image.data[from] as number;
      }
    }
  }
  const region: Box = [
    fround(-left / image.width),
    fround(-top / image.height),
    fround((width - left) / image.width),
    fround((height - top) / image.height),
  ];
  return { image: planar(data, channels, height, width), region };
}
