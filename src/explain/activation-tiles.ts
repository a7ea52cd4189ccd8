import type { FloatImage } from "../float-images/float-image.ts";
import type { NdArray } from "../util/nd-array.ts";
import { stretched } from "./heat-map.ts";

/** How many channels are shown at most: the first ones. */
const MOST = 64;
/** Pixels between tiles. */
const GAP = 1;
/** How bright they are. */
const GAP_GREY = 0.5;

/** The channels of a map of features side by side in a square, each from its least value, black, to its greatest, white. */
export function activationTiles({ shape, data }: NdArray): FloatImage {
  const [channels = 1, height = 1, width = 1] = shape.slice(-3);
  const size = height * width;
  const count = Math.min(channels, MOST);
  const columns = Math.ceil(Math.sqrt(count));
  const rows = Math.ceil(count / columns);
  const [tall, wide] = [rows * (height + GAP) - GAP, columns * (width + GAP) - GAP];
  const pixels = new Float32Array(tall * wide).fill(GAP_GREY);
  for (let k = 0; k < count; k++) {
    const plane = Float32Array.from({ length: size }, (_, i) => data[k * size + i] ?? 0);
    const { values } = stretched({ height, width, values: plane });
    const [top, left] = [Math.floor(k / columns) * (height + GAP), (k % columns) * (width + GAP)];
    for (let y = 0; y < height; y++) {
      pixels.set(values.subarray(y * width, (y + 1) * width), (top + y) * wide + left);
    }
  }
  return { shape: [tall, wide, 1], data: pixels };
}
