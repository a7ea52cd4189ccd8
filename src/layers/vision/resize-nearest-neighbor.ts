import { withDefaults } from "../../io/proto/messages.ts";
import type { ParamField } from "../base/layer.ts";
import { ResizedLayer, type Resizing, stepOf, type Taps } from "../base/resized.ts";

/**
 * Gives planes another size: each value of the top is the nearest of the bottom's.
 *
 *     y(h, w) = x(⌊h·H/H'⌋, ⌊w·W/W'⌋)
 *     align_corners: x(round(h·(H − 1)/(H' − 1)), …)    half_pixel_centers: x(⌊(h + ½)·H/H'⌋, …)    half_pixel_onnx: ⌊(h + ½)·H/H' − ½⌋
 *
 * - bottom[0] x: N×C×H×W or N×H×W×C, as data_format says; top[0]: the same with H'×W'
 * - `resize_nearest_neighbor_param`: output_height H', output_width W', or scale_height 1, scale_width 1; data_format NHWC;
 *   align_corners, half_pixel_centers and half_pixel_onnx false, of which one may be true
 *
 * @see synopsys-caffe's ResizeNearestNeighborLayer, as in TensorFlow; the gradient is ours
 */
export class ResizeNearestNeighborLayer extends ResizedLayer {
  static override readonly type: string = "ResizeNearestNeighbor";
  static override readonly paramFields: readonly ParamField[] = ["resize_nearest_neighbor_param"];

  get #param() {
    const given = this.param.resize_nearest_neighbor_param;
    return withDefaults("ResizeNearestNeighborParameter", given);
  }

  override setUp(): void {
    const { align_corners, half_pixel_centers, half_pixel_onnx } = this.#param;
    if ([align_corners, half_pixel_centers, half_pixel_onnx].filter(Boolean).length > 1) {
      this.fail(
        "resize_nearest_neighbor_param has several of align_corners, half_pixel_centers and half_pixel_onnx. Expected one at most.",
      );
    }
  }

  protected override resizing(): Resizing {
    return { field: "resize_nearest_neighbor_param", ...this.#param };
  }

  protected override taps(from: number, to: number): Taps {
    const { align_corners, half_pixel_centers, half_pixel_onnx } = this.#param;
    const step = stepOf(from, to, align_corners);
    const lower = Int32Array.from({ length: to }, (_, i) => {
      let place = Math.fround(i * step);
      if (half_pixel_centers) place = Math.fround((i + 0.5) * step);
      else if (half_pixel_onnx) place = Math.fround((i + 0.5) * step) - 0.5;
      else if (align_corners) place = Math.fround(place + 0.5);
      return Math.max(0, Math.min(Math.floor(place), from - 1));
    });
    return { lower, upper: lower, part: new Float64Array(to) };
  }
}
