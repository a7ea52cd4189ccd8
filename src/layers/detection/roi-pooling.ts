import type { RegionsDescriptor } from "../../engines/engine.ts";
import type { ParamField } from "../base/layer.ts";
import { boundsWithin, type RoiAxis, RoiLayer } from "../base/rois.ts";
import { roundAway } from "./boxes.ts";

/**
 * The maxima of each region of interest, in a grid of so many bins whatever its size.
 *
 *     start = round(xmin · s), size = max(round(xmax · s) − start + 1, 1), bin p = ⌊p · size / W⌋ … ⌈(p + 1) · size / W⌉
 *
 * Bins overlap where they do not divide; outside the map is nothing, and a bin of nothing is 0.
 *
 * - bottom[0]: feature maps N×C×H×W; bottom[1]: regions R×5, `[image xmin ymin xmax ymax]` in pixels of the image, both
 *   edges within; no gradient
 * - top[0]: R×C×pooled_h×pooled_w
 * - `roi_pooling_param`: pooled_h, pooled_w (required), spatial_scale s 1
 *
 * A region whose end lies before its start pools something, and passes no gradient on, as in Fast R-CNN.
 *
 * @see ROIPooling of Fast R-CNN (rbgirshick/caffe-fast-rcnn)
 */
export class ROIPoolingLayer extends RoiLayer {
  static override readonly type: string = "ROIPooling";
  static override readonly paramFields: readonly ParamField[] = ["roi_pooling_param"];

  protected override readonly method: RegionsDescriptor["method"] = "MAX";
  #scale = 1;

  override setUp(): void {
    const { pooled_h, pooled_w, spatial_scale = 1 } = this.param.roi_pooling_param ?? {};
    this.grid = [
      this.expectPositive("roi_pooling_param.pooled_h", pooled_h),
      this.expectPositive("roi_pooling_param.pooled_w", pooled_w),
    ];
    this.#scale = this.expectPositive("roi_pooling_param.spatial_scale", spatial_scale);
  }

  protected override binsOf({ from, to, bins, length }: RoiAxis, isBackward: boolean): number[] {
    const { fround } = Math;
    const scale = fround(this.#scale);
    const [start, end] = [roundAway(fround(from * scale)), roundAway(fround(to * scale))];
    const size = fround(Math.max(end - start + 1, 1) / bins);
    const result: number[] = [];
    for (let bin = 0; bin < bins; bin++) {
      const bounds = boundsWithin(
        Math.floor(fround(bin * size)) + start,
        Math.ceil(fround((bin + 1) * size)) + start,
        length,
      );
      if (isBackward) result.push(...reached(bounds, bin, start, end, size));
      else result.push(...bounds);
    }
    return result;
  }
}

/** The positions within a bin's bounds that Fast R-CNN takes its gradient to. */
function reached(
  [from, to]: readonly [number, number],
  bin: number,
  start: number,
  end: number,
  size: number,
): readonly [number, number] {
  const { fround } = Math;
  const reaches = (position: number): boolean =>
    position >= start &&
    position <= end &&
    bin >= Math.floor(fround((position - start) / size)) &&
    bin < Math.ceil(fround((position - start + 1) / size));
  let [first, last] = [from, to];
  while (first < last && !reaches(first)) first++;
  while (first < last && !reaches(last - 1)) last--;
  return [first, last];
}
