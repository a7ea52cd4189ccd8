import type { FloatArray } from "../../util/arrays.ts";
import { FormatError } from "../../util/errors.ts";
import type { Datum } from "../proto/datum.ts";
import type { Image } from "./image.ts";

/** An image somewhere in memory: value (c, y, x) lies at `offset + c·channelStep + y·rowStep + x·columnStep`. */
export interface Raster {
  readonly data: Uint8Array | Float32Array;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly offset: number;
  readonly channelStep: number;
  readonly rowStep: number;
  readonly columnStep: number;
}

/** Pixels channel by channel, as a Datum and a blob have them. */
export function planar(
  data: Uint8Array | Float32Array,
  channels: number,
  height: number,
  width: number,
): Raster {
  const channelStep = height * width;
  return { data, channels, height, width, offset: 0, channelStep, rowStep: width, columnStep: 1 };
}

/** As many bytes as an image may take: a blob holds no more numbers. */
const MOST_BYTES = 2 ** 31;

/**
 * Memory for an image of bytes of that size, all 0.
 * @throws FormatError where no image is so large
 */
export function bytesFor(channels: number, height: number, width: number): Uint8Array {
  const count = channels * height * width;
  if (count < MOST_BYTES) return new Uint8Array(count);
  throw new FormatError(
    `an image becomes ${channels}×${height}×${width}, ${count} bytes. Expected fewer than ${MOST_BYTES}: ask for a smaller size.`,
  );
}

/** Pixels row by row, the channels of each side by side, as decoders give them. */
export function interleaved(
  data: Uint8Array,
  channels: number,
  height: number,
  width: number,
): Raster {
  const rowStep = width * channels;
  return {
    data,
    channels,
    height,
    width,
    offset: 0,
    channelStep: 1,
    rowStep,
    columnStep: channels,
  };
}

/**
 * The pixels of a record that is not encoded.
 * @throws FormatError where it holds more or fewer values than its size says
 */
export function rasterOf({ channels, height, width, data, floatData }: Datum): Raster {
  const size = `${channels}×${height}×${width}`;
  if (channels < 1 || height < 1 || width < 1) {
    throw new FormatError(`a record is ${size}. Expected 1×1×1 or more.`);
  }
  const values = data.length > 0 ? data : (floatData ?? data);
  const count = channels * height * width;
  if (values.length !== count) {
    throw new FormatError(`a record of ${size} holds ${values.length} values. Expected ${count}.`);
  }
  return planar(values, channels, height, width);
}

/**
 * The image as a camera says it should be seen: EXIF's orientation, 1 to 8. Only the steps change.
 *
 * @see EXIF 2.32, tag 0x0112
 */
export function oriented(raster: Raster, orientation: number): Raster {
  // 5 to 8 exchange rows and columns; then columns, rows or both run backwards.
  const upright =
    orientation >= 5 && orientation <= 8
      ? {
          ...raster,
          height: raster.width,
          width: raster.height,
          rowStep: raster.columnStep,
          columnStep: raster.rowStep,
        }
      : raster;
  const { height, width, rowStep, columnStep, offset } = upright;
  const flipColumns = [2, 3, 6, 7].includes(orientation);
  const flipRows = [3, 4, 7, 8].includes(orientation);
  return {
    ...upright,
    offset:
      offset +
      (flipColumns ? (width - 1) * columnStep : 0) +
      (flipRows ? (height - 1) * rowStep : 0),
    columnStep: flipColumns ? -columnStep : columnStep,
    rowStep: flipRows ? -rowStep : rowStep,
  };
}

/** A part of an image, in the same memory. */
export function cropped(
  raster: Raster,
  top: number,
  left: number,
  height: number,
  width: number,
): Raster {
  const offset = raster.offset + top * raster.rowStep + left * raster.columnStep;
  return { ...raster, offset, height, width };
}

/** An image with left and right exchanged, in the same memory. */
export function mirrored(raster: Raster): Raster {
  const { offset, width, columnStep } = raster;
  return { ...raster, offset: offset + (width - 1) * columnStep, columnStep: -columnStep };
}

/** An image with pixels right of it and below, of a value for each channel, so that it is as large as that at least. */
export function padded(
  raster: Raster,
  atLeastHeight: number,
  atLeastWidth: number,
  values: readonly number[],
): Raster {
  const [height, width] = [
    Math.max(raster.height, atLeastHeight),
    Math.max(raster.width, atLeastWidth),
  ];
  if (height === raster.height && width === raster.width) return raster;
  const data = new Float32Array(raster.channels * height * width);
  for (let c = 0; c < raster.channels; c++) {
    data.fill(values[values.length > 1 ? c : 0] ?? 0, c * height * width, (c + 1) * height * width);
    for (let y = 0; y < raster.height; y++) {
      let from = raster.offset + c * raster.channelStep + y * raster.rowStep;
      let to = (c * height + y) * width;
      for (const end = to + raster.width; to < end; to++, from += raster.columnStep) {
        data[to] = raster.data[from] ?? 0;
      }
    }
  }
  return planar(data, raster.channels, height, width);
}

/** The bytes of an image channel by channel, in memory of their own. */
export function planesOf(raster: Raster): Uint8Array {
  const bytes = planarBytes(raster);
  return bytes === raster.data ? bytes.slice() : bytes;
}

/** The bytes of an image channel by channel; those of the raster itself where they lie so. */
function planarBytes(raster: Raster): Uint8Array {
  const { data, channels, height, width, offset, channelStep, rowStep, columnStep } = raster;
  const count = channels * height * width;
  const isPlanar = columnStep === 1 && rowStep === width && channelStep === height * width;
  if (isPlanar && offset === 0 && data.length === count && data instanceof Uint8Array) return data;
  const bytes = new Uint8Array(count);
  for (let c = 0; c < channels; c++) copyPlane(raster, c, bytes, c * height * width);
  return bytes;
}

/** Writes one channel of an image, row by row, from `to` on. */
export function copyPlane(
  { data, height, width, offset, channelStep, rowStep, columnStep }: Raster,
  channel: number,
  into: Uint8Array | FloatArray,
  to: number,
): void {
  let at = to;
  for (let y = 0; y < height; y++) {
    let from = offset + channel * channelStep + y * rowStep;
    for (const end = at + width; at < end; at++, from += columnStep) into[at] = data[from] ?? 0;
  }
}

/** A raster of bytes as records hold it. */
export function imageOf(raster: Raster): Image {
  const { channels, height, width } = raster;
  return { channels, height, width, data: planarBytes(raster) };
}
