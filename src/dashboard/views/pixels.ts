import { readMean } from "../../float-images/mean.ts";
import { encodeImage } from "../../io/images/encode.ts";
import { channelMeans } from "../../io/images/mean-image.ts";
import type { TransformationParameter } from "../../io/proto/caffe.ts";
import type { Picture } from "../api.ts";

/** What brings a net's input back to pixels: pixel = value / scale + mean of its channel. */
interface Pixels {
  readonly scale: number;
  /** One for each channel, or one for all. */
  readonly means: readonly number[];
  /** In words, what is done. */
  readonly about: string;
}

/** Undoes what a data layer does to pixels. What cannot be undone, a mean image's place, is said. */
export function pixelsOf(transform: TransformationParameter | undefined): Pixels {
  const { scale: given = 1, mean_value = [], mean_file } = transform ?? {};
  const scale = given === 0 ? 1 : given;
  const parts = scale === 1 ? [] : [`divided by scale ${Number(scale.toPrecision(8))}`];
  if (mean_value.length > 0) parts.push("mean_value added");
  let means: readonly number[] = Array.from(mean_value);
  if (mean_file !== undefined && mean_file !== "") {
    try {
      means = channelMeans(readMean(mean_file));
      parts.push("the mean of each channel of mean_file added");
    } catch {
      parts.push("mean_file cannot be read, and is not added");
    }
  }
  return { scale, means, about: parts.join(", ") || "as the data layer gives it" };
}

/** A range of values that becomes that of pixels: 0 to 255 as it is. */
type Range = readonly [from: number, to: number];

/** Pictures with a longer side are photographs: as JPEG they are a fraction as large. */
const MOST_EXACT = 128;

const BYTES: Range = [0, 255];

/** How values of a net's input are shown: as the bytes that they are, or stretched where they are none. */
export function rangeOf(
  values: Float32Array,
  pixels: Pixels,
  channels: number,
  length: number,
): Range {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    const channel = Math.floor((i % (channels * length)) / length);
    const value = (values[i] ?? 0) / pixels.scale + meanOf(pixels, channel);
    if (value < least) least = value;
    if (value > most) most = value;
  }
  // Colours may be drawn beyond their range by augmentation, and a channel's mean stands for an image's.
  const areBytes = least > -64 && most < 320 && most > 2;
  return areBytes || !(most > least) ? BYTES : [least, most];
}

function meanOf({ means }: Pixels, channel: number): number {
  return means[means.length === 1 ? 0 : channel] ?? 0;
}

/**
 * A record C×H×W as a picture: grey, or of three channels, blue first; undefined for another number of channels.
 */
export async function recordPicture(
  values: Float32Array,
  shape: readonly number[],
  pixels: Pixels,
  [from, to]: Range,
): Promise<Picture | undefined> {
  const [channels = 0, height = 0, width = 0] = shape;
  if (shape.length !== 3 || (channels !== 1 && channels !== 3) || height * width === 0)
    return undefined;
  const [length, factor] = [height * width, 255 / (to - from)];
  const data = new Uint8ClampedArray(channels * length);
  for (let c = 0; c < channels; c++) {
    const mean = meanOf(pixels, c) - from;
    for (let i = c * length; i < (c + 1) * length; i++) {
      data[i] = ((values[i] ?? 0) / pixels.scale + mean) * factor;
    }
  }
  const format = Math.max(height, width) > MOST_EXACT ? "jpeg" : "png";
  return drawnPicture(channels, height, width, data, format);
}

/** Planes of bytes, blue first where there are three, as an image in its address: a PNG, or a JPEG, which is smaller. */
export async function drawnPicture(
  channels: number,
  height: number,
  width: number,
  data: Uint8ClampedArray,
  format: "png" | "jpeg" = "png",
): Promise<Picture> {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const image = await encodeImage({ channels, height, width, data: bytes }, format);
  return {
    ...{ width, height },
    url: `data:image/${format};base64,${Buffer.from(image).toString("base64")}`,
  };
}
