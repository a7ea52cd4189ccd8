import { FormatError } from "../../util/errors.ts";
import type { Random } from "../../util/random.ts";
import { byteTable } from "./bytes.ts";
import { fromHsv, toHsv } from "./color-spaces.ts";
import { mapPlane } from "./plane-filters.ts";
import { planar, planesOf, type Raster } from "./raster.ts";

/** The fields of distort_param. */
export interface Distortion {
  readonly brightnessProb: number;
  readonly brightnessDelta: number;
  readonly contrastProb: number;
  readonly contrastLower: number;
  readonly contrastUpper: number;
  readonly hueProb: number;
  readonly hueDelta: number;
  readonly saturationProb: number;
  readonly saturationLower: number;
  readonly saturationUpper: number;
  readonly randomOrderProb: number;
}

/** An image channel by channel, in memory of its own. */
interface Planes {
  readonly data: Uint8Array;
  readonly channels: number;
  readonly size: number;
}

type Step = (distortion: Distortion, image: Planes, random: Random) => void;

/** Adds up to brightness_delta, either way. */
const brightness: Step = ({ brightnessProb, brightnessDelta }, { data }, random) => {
  if (!(random.uniform() < brightnessProb)) return;
  const delta = random.uniform(-brightnessDelta, brightnessDelta);
  mapPlane(
    data,
    byteTable((byte) => byte + delta),
  );
};

/** Multiplies by a number between contrast_lower and contrast_upper. */
const contrast: Step = ({ contrastProb, contrastLower, contrastUpper }, { data }, random) => {
  if (!(random.uniform() < contrastProb)) return;
  const factor = random.uniform(contrastLower, contrastUpper);
  if (Math.abs(factor - 1) > 1e-3)
    mapPlane(
      data,
      byteTable((byte) => byte * factor),
    );
};

/** Multiplies HSV's saturation. */
const saturation: Step = (distortion, image, random) => {
  if (!(random.uniform() < distortion.saturationProb)) return;
  const factor = random.uniform(distortion.saturationLower, distortion.saturationUpper);
  inHsv(
    image,
    1,
    "saturation",
    byteTable((byte) => byte * factor),
  );
};

/** Adds to HSV's hue, in steps of two degrees; a hue below 0 becomes 0, as in SSD. */
const hue: Step = ({ hueProb, hueDelta }, image, random) => {
  if (!(random.uniform() < hueProb)) return;
  const delta = random.uniform(-hueDelta, hueDelta);
  inHsv(
    image,
    0,
    "hue",
    byteTable((byte) => byte + delta),
  );
};

/** Puts the channels in another order. */
const order: Step = ({ randomOrderProb }, { data, channels, size }, random) => {
  if (!(random.uniform() < randomOrderProb)) return;
  const before = data.slice();
  const left = Array.from({ length: channels }, (_, c) => c);
  for (let c = 0; c < channels; c++) {
    const [from = 0] = left.splice(random.below(left.length), 1);
    data.set(before.subarray(from * size, (from + 1) * size), c * size);
  }
};

function inHsv(
  { data, channels, size }: Planes,
  plane: number,
  field: string,
  table: Uint8Array,
): void {
  if (channels !== 3) {
    throw new FormatError(
      `distort_param changes the ${field} of an image of ${channels} channels. Expected three: blue, green, red.`,
    );
  }
  toHsv(data, size);
  mapPlane(data.subarray(plane * size, (plane + 1) * size), table);
  fromHsv(data, size);
}

/**
 * Changes brightness, contrast, saturation and hue of an image of bytes, each with its probability; contrast comes second or
 * last, as often as not. Then the channels may change places.
 *
 * @throws FormatError where saturation or hue of an image without three channels is to change
 * @see SSD's ApplyDistort; Howard, 2013
 */
export function distorted(distortion: Distortion, image: Raster, random: Random): Raster {
  const { channels, height, width } = image;
  const data = planesOf(image);
  const planes = { data, channels, size: height * width };
  const isSecond = random.uniform() > 0.5;
  const steps = isSecond
    ? [brightness, contrast, saturation, hue, order]
    : [brightness, saturation, hue, contrast, order];
  for (const step of steps) step(distortion, planes, random);
  return planar(data, channels, height, width);
}
