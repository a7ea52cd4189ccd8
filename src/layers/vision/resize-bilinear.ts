import { withDefaults } from "../../io/proto/messages.ts";
import type { ParamField } from "../base/layer.ts";
import { ResizedLayer, type Resizing, stepOf, type Taps } from "../base/resized.ts";

/**
 * Gives planes another size: each value of the top is read between four of the bottom's.
 *
 *     y(h, w) = x(h·H/H', w·W/W'), between places in proportion
 *     align_corners: x(h·(H − 1)/(H' − 1), …)    half_pixel_centers, pytorch_half_pixel: x((h + ½)·H/H' − ½, …)
 *
 * - bottom[0] x: N×C×H×W or N×H×W×C, as data_format says; top[0]: the same with H'×W'
 * - `resize_bilinear_param`: output_height H', output_width W', or scale_height 1, scale_width 1; data_format NHWC; align_corners,
 *   half_pixel_centers and pytorch_half_pixel (which takes the first of a single one) false, of which one may be true
 *
 * @see synopsys-caffe's ResizeBilinearLayer, as in TensorFlow; the gradient is ours
 */
export class ResizeBilinearLayer extends ResizedLayer {
  static override readonly type: string = "ResizeBilinear";
  static override readonly paramFields: readonly ParamField[] = ["resize_bilinear_param"];

  get #param() {
    return withDefaults("ResizeBilinearParameter", this.param.resize_bilinear_param);
  }

  override setUp(): void {
    const { align_corners, half_pixel_centers, pytorch_half_pixel } = this.#param;
    if ([align_corners, half_pixel_centers, pytorch_half_pixel].filter(Boolean).length > 1) {
      this.fail(
        "resize_bilinear_param has several of align_corners, half_pixel_centers and pytorch_half_pixel. Expected one at most.",
      );
    }
  }

  protected override resizing(): Resizing {
    return { field: "resize_bilinear_param", ...this.#param };
  }

  protected override taps(from: number, to: number): Taps {
    const { align_corners, half_pixel_centers, pytorch_half_pixel } = this.#param;
    const step = stepOf(from, to, align_corners);
    const [lower, upper] = [new Int32Array(to), new Int32Array(to)];
    const part = new Float64Array(to);
    for (let i = 0; i < to; i++) {
      let place = Math.fround(i * step);
      if (half_pixel_centers || (pytorch_half_pixel && to > 1)) {
        place = Math.fround(Math.fround((i + 0.5) * step) - 0.5);
      } else if (pytorch_half_pixel) place = -0.5;
      const floor = Math.floor(place);
      lower[i] = Math.max(floor, 0);
      upper[i] = Math.min(Math.ceil(place), from - 1);
      part[i] = place - floor;
      lower[i] = Math.min(lower[i]!, from - 1);
      upper[i] = Math.max(upper[i]!, 0);
    }
    return { lower, upper, part };
  }
}
