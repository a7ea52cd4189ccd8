import { FormatError } from "../../util/errors.ts";
import type { Random } from "../../util/random.ts";
import { byteTable } from "./bytes.ts";
import { fromYCrCb, toGrey, toHsv, toLab, toYCrCb } from "./color-spaces.ts";
import { blurPlane, equalizePlane, equalizeTiles, erodePlane, mapPlane } from "./plane-filters.ts";
import { planar, planesOf, type Raster } from "./raster.ts";
import { recompressed } from "./recompress.ts";

/** The fields of noise_param. Each that is set is done, in the order in which they stand here. */
export interface Noise {
  /** Grey in all three channels. */
  readonly decolorize: boolean;
  readonly gaussBlur: boolean;
  /** The histogram of brightness is evened out: over the image, or tile by tile. */
  readonly histEq: boolean;
  readonly clahe: boolean;
  /** Quality of a JPEG that the image becomes in between; 0 or less for none. */
  readonly jpeg: number;
  readonly erode: boolean;
  /** Four values instead of 256. */
  readonly posterize: boolean;
  readonly inverse: boolean;
  /** So much of the pixels, drawn with repetition, become `saltPepperValues`: one for all channels or one for each. */
  readonly saltPepper: number;
  readonly saltPepperValues: readonly number[];
  readonly toHsv: boolean;
  readonly toLab: boolean;
  readonly toYCrCb: boolean;
}

const POSTERIZED = byteTable((byte) => (byte & 0xc0) + 32);
const INVERTED = byteTable((byte) => 255 - byte);

/**
 * Changes an image of bytes as noise_param says; at once, but for a JPEG.
 *
 * @param random draws the pixels of salt and pepper
 * @throws FormatError where an image has not the channels that a change needs
 * @see SSD's ApplyNoise
 */
export function addNoise(
  noise: Noise,
  image: Raster,
  random: Random | undefined,
): Raster | Promise<Raster> {
  const { channels, height, width } = image;
  const data = planesOf(image);
  colours(noise, { data, channels, height, width });
  const copy = planar(data, channels, height, width);
  if (!(noise.jpeg > 0)) return grain(noise, copy, random);
  return recompressed(copy, noise.jpeg).then((lossy) => grain(noise, lossy, random));
}

/** An image whose bytes lie channel by channel, in memory of its own. */
interface Planes {
  readonly data: Uint8Array;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** What comes before the JPEG. */
function colours(noise: Noise, image: Planes): void {
  if (noise.decolorize) toGrey(coloured(image, "decolorize"), image.height * image.width);
  if (noise.gaussBlur) everyPlane(image, blurPlane);
  if (noise.histEq) onBrightness(image, "hist_eq", equalizePlane);
  if (noise.clahe) onBrightness(image, "clahe", equalizeTiles);
}

/** What comes after it. */
function grain(noise: Noise, raster: Raster, random: Random | undefined): Raster {
  const { channels, height, width } = raster;
  const data = planesOf(raster);
  const image = { data, channels, height, width };
  const size = height * width;
  if (noise.erode) everyPlane(image, erodePlane);
  if (noise.posterize) mapPlane(data, POSTERIZED);
  if (noise.inverse) mapPlane(data, INVERTED);
  if (noise.saltPepper > 0 && random) strew(noise, image, random);
  if (noise.toHsv) toHsv(coloured(image, "convert_to_hsv"), size);
  if (noise.toLab) toLab(coloured(image, "convert_to_lab"), size);
  if (noise.toYCrCb) toYCrCb(coloured(image, "convert_to_ycrcb"), size);
  return planar(data, channels, height, width);
}

function coloured({ data, channels }: Planes, field: string): Uint8Array {
  if (channels === 3) return data;
  throw new FormatError(
    `noise_param.${field} is given an image of ${channels} channels. Expected three: blue, green, red.`,
  );
}

function everyPlane({ data, channels, height, width }: Planes, change: typeof blurPlane): void {
  const size = height * width;
  for (let c = 0; c < channels; c++) {
    change({ data: data.subarray(c * size, (c + 1) * size), height, width });
  }
}

/** Changes the brightness alone of an image in colour. */
function onBrightness(image: Planes, field: string, change: typeof blurPlane): void {
  const { data, channels, height, width } = image;
  const size = height * width;
  if (channels === 1) {
    change({ data, height, width });
    return;
  }
  toYCrCb(coloured(image, field), size);
  change({ data: data.subarray(0, size), height, width });
  fromYCrCb(data, size);
}

function strew(
  { saltPepper, saltPepperValues: values }: Noise,
  { data, channels, height, width }: Planes,
  random: Random,
): void {
  if (values.length > 1 && values.length !== channels) {
    throw new FormatError(
      `saltpepper_param.value is given ${values.length} times. Specify either 1 value or as many as channels: ${channels}.`,
    );
  }
  const size = height * width;
  const count = Math.floor(Math.fround(Math.fround(saltPepper * width) * height));
  for (let k = 0; k < count; k++) {
    const column = random.below(width);
    const pixel = random.below(height) * width + column;
    for (let c = 0; c < channels; c++) {
      data[c * size + pixel] = values[values.length > 1 ? c : 0] ?? 0;
    }
  }
}
