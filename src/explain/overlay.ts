import { type FloatImage, resizeImage } from "../float-images/float-image.ts";
import { type HeatMap, stretched } from "./heat-map.ts";

/** How much of the colours is seen where a map is greatest. */
const SHARE = 0.75;
/** Colours from the least to the greatest: dark violet, red, orange, light yellow. Brightness rises with the value. */
const RAMP: readonly (readonly [number, number, number])[] = [
  [0.1, 0.03, 0.3],
  [0.5, 0.08, 0.45],
  [0.85, 0.25, 0.3],
  [0.99, 0.6, 0.2],
  [0.99, 0.98, 0.7],
];

/** The picture under a map in colours: clear where a place counts for nothing or less, the more covered the more it counts. */
export function overlayOf(picture: FloatImage, map: HeatMap): FloatImage {
  const [height, width, channels] = picture.shape;
  const positive = map.values.map((value) => Math.max(0, value));
  const { values } = stretched({ ...map, values: positive });
  const plane: FloatImage = { shape: [map.height, map.width, 1], data: values };
  const heat = resizeImage(plane, height, width).data;
  const data = new Float32Array(3 * height * width);
  heat.forEach((value, i) => {
    const colour = colourOf(value);
    const share = SHARE * Math.sqrt(value);
    for (let c = 0; c < 3; c++) {
      const below = picture.data[i * channels + Math.min(c, channels - 1)] ?? 0;
      data[3 * i + c] = below * (1 - share) + (colour[c] ?? 0) * share;
    }
  });
  return { shape: [height, width, 3], data };
}

function colourOf(value: number): number[] {
  const at = Math.min(value, 1) * (RAMP.length - 1);
  const low = Math.min(Math.floor(at), RAMP.length - 2);
  return [0, 1, 2].map((c) => {
    const [from = 0, to = 0] = [RAMP[low]?.[c], RAMP[low + 1]?.[c]];
    return from + (to - from) * (at - low);
  });
}
