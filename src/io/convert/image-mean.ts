import { FormatError } from "../../util/errors.ts";
import { varint } from "../blob-wire.ts";
import { recordsOf } from "../dataset/records.ts";
import type { Datum } from "../datum.ts";
import { ImageDecoder, imageOf } from "../image.ts";
import { rasterOf } from "../raster.ts";

/** The mean of images of one size, channel by channel. */
export interface ImageMean {
  readonly shape: readonly [number, number, number];
  readonly values: Float32Array;
  /** How many images it is of. */
  readonly count: number;
}

/**
 * The mean image of a database.
 * @throws FileError, FormatError that name the record where one is damaged or of another size
 */
export async function computeImageMean(
  path: string,
  onProgress: (done: number) => void = () => {},
): Promise<ImageMean> {
  const decoder = new ImageDecoder();
  let shape: readonly [number, number, number] | undefined;
  let sums = new Float64Array(0);
  let count = 0;
  for (const { key, datum } of recordsOf(path)) {
    try {
      if (datum instanceof Error) throw datum;
      const { size, values } = await pixelsOf(datum, decoder);
      if (!shape) {
        shape = size;
        sums = new Float64Array(values.length);
      } else if (size.some((length, axis) => length !== shape?.[axis])) {
        throw new FormatError(
          `it is ${size.join("×")}, and the first record ${shape.join("×")}. Incorrect data field size ${values.length}. Expected images of one size.`,
        );
      }
      for (let i = 0; i < values.length; i++) sums[i] = (sums[i] ?? 0) + (values[i] ?? 0);
    } catch (error) {
      throw new FormatError(`${path}: key "${key}": ${(error as Error).message}`, { cause: error });
    }
    onProgress(++count);
  }
  const values = Float32Array.from(sums, (sum) => sum / count);
  return { shape: shape ?? [0, 0, 0], values, count };
}

async function pixelsOf(
  datum: Datum,
  decoder: ImageDecoder,
): Promise<{ size: readonly [number, number, number]; values: Uint8Array | Float32Array }> {
  if (!datum.encoded) {
    const { channels, height, width, data } = rasterOf(datum);
    return { size: [channels, height, width], values: data };
  }
  const image = imageOf(await decoder.decode(datum.data, "unchanged", "its image"));
  return { size: [image.channels, image.height, image.width], values: image.data };
}

/** The mean of each channel: what `mean_value` takes. */
export function channelMeans({ shape: [channels, height, width], values }: ImageMean): number[] {
  const size = height * width;
  return Array.from({ length: channels }, (_, c) => {
    let sum = 0;
    for (let i = c * size; i < (c + 1) * size; i++) sum += values[i] ?? 0;
    return sum / size;
  });
}

/** The bytes of a mean as a .binaryproto, in the old four-axis form that Caffe's tool writes. */
export function encodeImageMean({ shape, values }: ImageMean): Uint8Array[] {
  const [channels, height, width] = shape;
  const head = [
    0x08,
    1,
    0x10,
    ...varint(channels),
    0x18,
    ...varint(height),
    0x20,
    ...varint(width),
  ];
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return [Uint8Array.from([...head, 0x2a, ...varint(bytes.length)]), bytes];
}
