import type { ImageDecoder } from "./decode.ts";
import { imageHeader, unreadable } from "./header.ts";
import { palettePng } from "./palette-png.ts";
import { cropped, oriented, type Raster } from "./raster.ts";

/**
 * The pixels of a label image, each a class: grey values, or the numbers of a PNG's palette (PASCAL VOC's files) whatever their
 * colours, unless all of these are greys. A raster of the decoder's holds until its next.
 *
 * @param source names the image, for messages
 * @throws FormatError where it is no image, damaged, or in colours that are no greys
 */
export function decodeLabels(
  bytes: Uint8Array,
  decoder: ImageDecoder,
  source: string,
): Raster | Promise<Raster> {
  const header = imageHeader(bytes, source);
  const numbers = palettePng(bytes, source);
  if (numbers) return oriented(numbers, header.orientation);
  if (header.channels < 3) return decoder.decode(bytes, "gray", source);
  const decoded = decoder.decode(bytes, "color", source);
  return decoded instanceof Promise
    ? decoded.then((image) => greys(image, source))
    : greys(decoded, source);
}

/** One channel of three that are alike. */
function greys(image: Raster, source: string): Raster {
  const { data, height, width, offset, channelStep, rowStep, columnStep } = image;
  for (let y = 0; y < height; y++) {
    let at = offset + y * rowStep;
    for (let x = 0; x < width; x++, at += columnStep) {
      const [blue, green, red] = [data[at], data[at + channelStep], data[at + 2 * channelStep]];
      if (blue === green && green === red) continue;
      throw unreadable(
        source,
        `pixel (${x}, ${y}) is of colour ${red}, ${green}, ${blue}, which says no class. Expected a label image in greys, or a PNG with a palette`,
      );
    }
  }
  return { ...cropped(image, 0, 0, height, width), channels: 1 };
}
