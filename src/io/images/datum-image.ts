import type { Datum } from "../proto/datum.ts";
import { decodedShape, type ImageDecoder } from "./decode.ts";
import { imageHeader } from "./header.ts";
import type { ColorMode } from "./image.ts";
import { type Raster, rasterOf } from "./raster.ts";

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
