import { FormatError } from "../../util/errors.ts";
import type { Datum } from "../proto/datum.ts";
import { decodedShape, type ImageDecoder } from "./decode.ts";
import { imageHeader } from "./header.ts";
import type { ColorMode } from "./image.ts";
import { planar, type Raster } from "./raster.ts";

/**
 * (C, H, W) of a record's image, which is not decoded.
 * @param mode what becomes of the colours of one that is encoded
 * @throws FormatError where its header is damaged, or it holds more or fewer values than its size says
 */
export function datumShape(datum: Datum, mode: ColorMode): readonly [number, number, number] {
  if (datum.encoded) return decodedShape(imageHeader(datum.data, "its image"), mode);
  const { channels, height, width } = rasterOf(datum);
  return [channels, height, width];
}

/**
 * The pixels of a record: at once, unless a decoder has to be waited for.
 * @throws FormatError where its image is damaged, or it holds more or fewer values than its size says
 */
export function pixelsOf(
  datum: Datum,
  decoder: ImageDecoder,
  mode: ColorMode,
): Raster | Promise<Raster> {
  return datum.encoded ? decoder.decode(datum.data, mode, "its image") : rasterOf(datum);
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
