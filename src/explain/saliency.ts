import type { NdArray } from "../util/nd-array.ts";
import type { HeatMap } from "./heat-map.ts";

/**
 * How much a class's score changes with each pixel: the greatest absolute gradient of its channels, max_c |∂s/∂x_c|.
 *
 * @param gradient of the score by an image, C×H×W behind any axes of 1
 * @see Simonyan, Vedaldi & Zisserman, "Deep Inside Convolutional Networks", 2014
 */
export function saliencyOf({ shape, data }: NdArray): HeatMap {
  const [channels = 1, height = 1, width = 1] = shape.slice(-3);
  const size = height * width;
  const values = new Float32Array(size);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < size; i++) {
      values[i] = Math.max(values[i] as number, Math.abs(data[c * size + i] ?? 0));
    }
  }
  return { height, width, values };
}
