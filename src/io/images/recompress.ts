import { ImageDecoder } from "./decode.ts";
import { encodeJpeg } from "./encode.ts";
import { imageOf, type Raster } from "./raster.ts";

/** What is left of an image of bytes when it has been a JPEG of a quality from 1 to 100: three channels, as OpenCV reads one. */
export async function recompressed(image: Raster, quality: number): Promise<Raster> {
  const bytes = await encodeJpeg(imageOf(image), Math.min(Math.floor(quality), 100));
  return new ImageDecoder().decode(bytes, "color", "the JPEG of noise_param");
}
