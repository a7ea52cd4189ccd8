import type { Box } from "../../util/box.ts";
import { FormatError } from "../../util/errors.ts";
import type { Random } from "../../util/random.ts";
import { type Distortion, distorted } from "./distortion.ts";
import { type Expansion, expanded, type Shown } from "./expansion.ts";
import { addNoise, type Noise } from "./noise.ts";
import { type RandomSize, randomlySized } from "./random-size.ts";
import type { Raster } from "./raster.ts";
import { applyPolicy, policySize, type ResizePolicy } from "./resize-policy.ts";

/** What forks do with an image before it is cut, mirrored and its mean subtracted. Plain data. */
export interface Preparation {
  readonly distortion?: Distortion | undefined;
  readonly expansion?: Expansion | undefined;
  readonly randomSize?: RandomSize | undefined;
  /** One of these; which, is drawn for ten batches at a time. */
  readonly policies: readonly ResizePolicy[];
  readonly noise?: Noise | undefined;
}

/** The box of a whole image. */
export const WHOLE: Box = [0, 0, 1, 1];

/** Whether a record's place in the run changes what becomes of it. */
export function isDrawn(preparation: Preparation): boolean {
  const { distortion, expansion, randomSize, policies, noise } = preparation;
  return (
    distortion !== undefined ||
    expansion !== undefined ||
    randomSize !== undefined ||
    policies.some(({ interpolations }) => interpolations.length > 1) ||
    (noise?.saltPepper ?? 0) > 0
  );
}

/**
 * Distorts an image's colours and expands it.
 *
 * @param means of channels, which fill what is beyond the image
 * @param random needed where `isDrawn`
 * @returns the image and the box that it shows now, in shares of what it was
 * @throws FormatError where its values are no bytes
 */
export function widened(
  { distortion, expansion }: Preparation,
  image: Raster,
  means: readonly number[],
  random: Random | undefined,
): Shown {
  if (!random || !(distortion || expansion)) return { image, region: WHOLE };
  checkBytes(image);
  const changed = distortion ? distorted(distortion, image, random) : image;
  const larger = expansion && expanded(expansion, changed, means, random);
  return larger ?? { image: changed, region: WHOLE };
}

/**
 * Brings an image to its size and adds noise: at once, but for a JPEG in between.
 *
 * @param policy which of the policies
 * @throws FormatError where its values are no bytes, or it has not the channels that are needed
 */
export function fitted(
  { randomSize, policies, noise }: Preparation,
  image: Raster,
  policy: number,
  random: Random | undefined,
): Raster | Promise<Raster> {
  const resize = policies[policy];
  if (!(randomSize || resize || noise)) return image;
  checkBytes(image);
  const drawn = randomSize && random ? randomlySized(randomSize, image, random) : image;
  const sized = resize ? applyPolicy(resize, drawn, random) : drawn;
  return noise ? addNoise(noise, sized, random) : sized;
}

/** (C, H, W) of what becomes of an image, as far as nothing is drawn. */
export function fittedSize(
  { policies, noise }: Preparation,
  size: Pick<Raster, "channels" | "height" | "width">,
  policy: number,
): Pick<Raster, "channels" | "height" | "width"> {
  const resize = policies[policy];
  const [height, width] = resize ? policySize(resize, size) : [size.height, size.width];
  return { channels: noise && noise.jpeg > 0 ? 3 : size.channels, height, width };
}

function checkBytes({ data }: Raster): void {
  if (data instanceof Uint8Array) return;
  throw new FormatError(
    "its values are floats, which transform_param cannot resize, distort, expand or add noise to. Expected bytes.",
  );
}
