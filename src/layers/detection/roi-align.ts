import type { RegionsDescriptor } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import type { ParamField } from "../base/layer.ts";
import { type RoiAxis, RoiLayer } from "../base/rois.ts";

/**
 * Values of each region of interest at the corners of a grid of bins, interpolated between pixels.
 *
 *     from xmin · s − ½ to xmax · s − ½, widened before by pad_ratio · (xmax − xmin + 1) on each side
 *
 * A corner more than half a pixel outside the map is 0, and so is all of a region without a size.
 *
 * - bottom[0]: feature maps N×C×H×W; bottom[1]: regions R×5, `[image xmin ymin xmax ymax]` in pixels of the image; no
 *   gradient
 * - top[0]: R×C×(pooled_h + 1)×(pooled_w + 1)
 * - `roi_pooling_param`: pooled_h, pooled_w (required), spatial_scale s 1, pad_ratio 0
 *
 * Layers of this name in other forks average samples within bins, or leave the region's start out; their parameters
 * stand in roi_align_param.
 *
 * @see ROIAlign of zhaoweicai/cascade-rcnn
 */
export class ROIAlignLayer extends RoiLayer {
  static override readonly type: string = "ROIAlign";
  static override readonly paramFields: readonly ParamField[] = [
    "roi_pooling_param",
    "roi_align_param",
  ];

  protected override readonly method: RegionsDescriptor["method"] = "LINEAR";
  #scale = 1;
  #pad = 0;

  override setUp(): void {
    if (this.param.roi_align_param) {
      this.fail(
        "roi_align_param belongs to a ROIAlign that is not known here: forks' layers of this name compute different things. Expected roi_pooling_param, that of Cascade R-CNN.",
      );
    }
    const param = withDefaults("ROIPoolingParameter", this.param.roi_pooling_param);
    this.grid = [
      this.expectPositive("roi_pooling_param.pooled_h", param.pooled_h) + 1,
      this.expectPositive("roi_pooling_param.pooled_w", param.pooled_w) + 1,
    ];
    this.#scale = this.expectPositive("roi_pooling_param.spatial_scale", param.spatial_scale);
    this.#pad = param.pad_ratio;
  }

  /** The corners between which the region is cut. */
  protected override binsOf({ from, to, bins: corners, length }: RoiAxis): number[] {
    const { fround } = Math;
    const scale = fround(this.#scale);
    const pad = fround(fround(fround(to - from) + 1) * fround(this.#pad));
    const start = fround(fround(fround(from - pad) * scale) - 0.5);
    const end = fround(fround(fround(to + pad) * scale) - 0.5);
    const size = fround(end - start);
    return Array.from({ length: corners }, (_, corner) => {
      const place = fround(start + fround(corner * fround(size / (corners - 1))));
      if (!(size > 0) || place < -0.5 || place > length - 0.5) return NOWHERE;
      const low = Math.min(Math.max(Math.floor(place), 0), length - 1);
      const high = Math.min(Math.max(Math.floor(place) + 1, 0), length - 1);
      return [low, high, fround(Math.min(Math.max(place, 0), length - 1) - low)];
    }).flat();
  }
}

/** A corner outside the map. */
const NOWHERE: readonly number[] = [-1, -1, 0];
