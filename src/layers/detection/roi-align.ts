import type { Blob } from "../../blob/blob.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import type { BackwardReads, One, ParamField, Two } from "../base/layer.ts";
import { type Roi, RoiLayer } from "../base/rois.ts";

/** A place between two positions of an axis; undefined outside the map. */
type Place = { readonly low: number; readonly high: number; readonly share: number } | undefined;

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

  #pooled: readonly [number, number] = [0, 0];
  #scale = 1;
  #pad = 0;

  override setUp(): void {
    if (this.param.roi_align_param) {
      this.fail(
        "roi_align_param belongs to a ROIAlign that is not known here: forks' layers of this name compute different things. Expected roi_pooling_param, that of Cascade R-CNN.",
      );
    }
    const param = withDefaults("ROIPoolingParameter", this.param.roi_pooling_param);
    this.#pooled = [
      this.expectPositive("roi_pooling_param.pooled_h", param.pooled_h),
      this.expectPositive("roi_pooling_param.pooled_w", param.pooled_w),
    ];
    this.#scale = this.expectPositive("roi_pooling_param.spatial_scale", param.spatial_scale);
    this.#pad = param.pad_ratio;
  }

  override reshape([features, rois]: Two, [y]: One): void {
    this.checkShapes(features, rois);
    const [rows, columns] = this.#pooled;
    y.reshape([rois.shape[0] ?? 0, features.shape[1] ?? 0, rows + 1, columns + 1]);
  }

  override forward([features, rois]: Two, [y]: One): void {
    const [x, result] = [features.dataMem.cpu(), y.dataMem.overwriteCpu()];
    const width = features.shape[3] ?? 0;
    result.fill(0);
    this.#corners(features, rois, (at, first, v, u) => {
      const [low, high] = [first + v.low * width, first + v.high * width];
      const above = x[low + u.low]! * (1 - u.share) + x[low + u.high]! * u.share;
      const below = x[high + u.low]! * (1 - u.share) + x[high + u.high]! * u.share;
      result[at] = above * (1 - v.share) + below * v.share;
    });
  }

  /** Regions are read as they are by then. */
  override backwardReadsBottom(bottomIndex: number): BackwardReads {
    return bottomIndex === 1 ? "present" : "nothing";
  }

  protected override backwardFeatures(y: Blob, features: Blob, rois: Blob): void {
    const [dy, dx] = [y.diffMem.cpu(), features.diffMem.overwriteCpu()];
    const width = features.shape[3] ?? 0;
    dx.fill(0);
    this.#corners(features, rois, (at, first, v, u) => {
      const [low, high] = [first + v.low * width, first + v.high * width];
      const [above, below] = [dy[at]! * (1 - v.share), dy[at]! * v.share];
      dx[low + u.low]! += above * (1 - u.share);
      dx[low + u.high]! += above * u.share;
      dx[high + u.low]! += below * (1 - u.share);
      dx[high + u.high]! += below * u.share;
    });
  }

  /** Calls `visit` for each value of the top that lies on the map: where its plane begins, and its place there. */
  #corners(
    features: Blob,
    rois: Blob,
    visit: (at: number, first: number, v: NonNullable<Place>, u: NonNullable<Place>) => void,
  ): void {
    const [, channels = 0, height = 0, width = 0] = features.shape;
    let at = 0;
    for (const roi of this.readRois(features, rois)) {
      const [rows, columns] = [this.#axis(roi, 1, height), this.#axis(roi, 0, width)];
      for (let c = 0; c < channels; c++) {
        const first = (roi.image * channels + c) * height * width;
        for (const v of rows) {
          for (const u of columns) {
            if (u && v) visit(at, first, v, u);
            at++;
          }
        }
      }
    }
  }

  /** The corners of a region along x (0) or y (1). */
  #axis({ edges }: Roi, axis: 0 | 1, length: number): readonly Place[] {
    const { fround } = Math;
    const number = this.#pooled[1 - axis]!;
    const [from, to, scale] = [edges[axis], edges[axis + 2]!, fround(this.#scale)];
    const pad = fround(fround(fround(to - from) + 1) * fround(this.#pad));
    const start = fround(fround(fround(from - pad) * scale) - 0.5);
    const end = fround(fround(fround(to + pad) * scale) - 0.5);
    const size = fround(end - start);
    return Array.from({ length: number + 1 }, (_, corner) => {
      if (!(size > 0)) return undefined;
      const place = fround(start + fround(corner * fround(size / number)));
      if (place < -0.5 || place > length - 0.5) return undefined;
      const low = Math.min(Math.max(Math.floor(place), 0), length - 1);
      const high = Math.min(Math.max(Math.floor(place) + 1, 0), length - 1);
      return { low, high, share: fround(Math.min(Math.max(place, 0), length - 1) - low) };
    });
  }
}
