import { type Colour, mapColour } from "../../draw/palette.ts";
import { encodeImage } from "../../io/images/encode.ts";
import type { PixelMaps } from "./pixel-maps.ts";

const NOT_COUNTED: Colour = [224, 224, 192];

/** The address of a map in PASCAL VOC's colours; what does not count is pale, as the borders there. */
export async function mapPicture(
  { height, width }: PixelMaps,
  labels: Int32Array,
): Promise<string> {
  const places = height * width;
  const data = new Uint8Array(3 * places);
  for (let i = 0; i < places; i++) {
    const label = labels[i] ?? 0;
    const colour = label < 0 ? NOT_COUNTED : mapColour(label);
    for (const [c, value] of colour.entries()) data[c * places + i] = value;
  }
  const bytes = await encodeImage({ channels: 3, height, width, data }, "png");
  return `data:image/png;base64,${Buffer.from(bytes).toString("base64")}`;
}
