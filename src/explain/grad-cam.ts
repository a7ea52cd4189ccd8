import type { NdArray } from "../util/nd-array.ts";
import type { HeatMap } from "./heat-map.ts";

/**
 * Where a map of features speaks for a class (Grad-CAM): max(0, Σ_k α_k A_k) with α_k the mean of ∂s/∂A_k over places. Of a net
 * whose scores are weighted means of its maps it is the class activation map, but for a factor.
 *
 * @param features A, K×H×W behind any axes of 1
 * @param gradient of the class's score by them
 * @see Selvaraju et al., "Grad-CAM", 2017; Zhou et al., "Learning Deep Features for Discriminative Localization", 2016
 */
export function gradCamOf(features: NdArray, gradient: NdArray): HeatMap {
  const [channels = 1, height = 1, width = 1] = features.shape.slice(-3);
  const size = height * width;
  const sums = new Float64Array(size);
  for (let k = 0; k < channels; k++) {
    let weight = 0;
    for (let i = 0; i < size; i++) weight += (gradient.data[k * size + i] ?? 0) / size;
    for (let i = 0; i < size; i++) {
      sums[i] = (sums[i] as number) + weight * (features.data[k * size + i] ?? 0);
    }
  }
  return { height, width, values: Float32Array.from(sums, (sum) => Math.max(0, sum)) };
}
