import type { Blob } from "../../blob/blob.ts";
import type { BackwardReads, One, ParamField, Two } from "../base/layer.ts";
import { type Bounds, boundsWithin, type Roi, RoiLayer } from "../base/rois.ts";
import { roundAway } from "./boxes.ts";

/** One axis of a region on the map: its bins, and which positions and bins count in backward. */
interface Axis {
  readonly bins: readonly Bounds[];
  /** Whether the gradient of a bin reaches a position. */
  readonly reaches: (position: number, bin: number) => boolean;
}

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

  #pooled: readonly [number, number] = [0, 0];
  #scale = 1;
  /** For each value of the top, where in its plane the maximum lay; −1 where there was none. */
  #places = new Int32Array(0);

  override setUp(): void {
    const { pooled_h, pooled_w, spatial_scale = 1 } = this.param.roi_pooling_param ?? {};
    this.#pooled = [
      this.expectPositive("roi_pooling_param.pooled_h", pooled_h),
      this.expectPositive("roi_pooling_param.pooled_w", pooled_w),
    ];
    this.#scale = this.expectPositive("roi_pooling_param.spatial_scale", spatial_scale);
  }

  override reshape([features, rois]: Two, [y]: One): void {
    this.checkShapes(features, rois);
    y.reshape([rois.shape[0] ?? 0, features.shape[1] ?? 0, ...this.#pooled]);
    if (this.#places.length < y.count()) this.#places = new Int32Array(y.count());
  }

  override forward([features, rois]: Two, [y]: One): void {
    const [, channels = 0, height = 0, width = 0] = features.shape;
    const [x, result, places] = [features.dataMem.cpu(), y.dataMem.overwriteCpu(), this.#places];
    let at = 0;
    for (const roi of this.readRois(features, rois)) {
      const { bins: rows } = this.#axis(roi, 1, height);
      const { bins: columns } = this.#axis(roi, 0, width);
      for (let c = 0; c < channels; c++) {
        const plane = (roi.image * channels + c) * height * width;
        for (const [top, bottom] of rows) {
          for (const [left, right] of columns) {
            let [most, place] = [Number.NEGATIVE_INFINITY, -1];
            for (let h = top; h < bottom; h++) {
              for (let p = h * width + left; p < h * width + right; p++) {
                if (!(x[plane + p]! > most)) continue;
                most = x[plane + p]!;
                place = p;
              }
            }
            result[at] = place === -1 ? 0 : most;
            places[at++] = place;
          }
        }
      }
    }
  }

  /** A region along x (0) or y (1). */
  #axis({ edges }: Roi, axis: 0 | 1, length: number): Axis {
    const { fround } = Math;
    const scale = fround(this.#scale);
    const number = this.#pooled[1 - axis]!;
    const start = roundAway(fround(edges[axis] * scale));
    const end = roundAway(fround(edges[axis + 2]! * scale));
    const size = fround(Math.max(end - start + 1, 1) / number);
    const bins = Array.from({ length: number }, (_, bin) =>
      boundsWithin(
        Math.floor(fround(bin * size)) + start,
        Math.ceil(fround((bin + 1) * size)) + start,
        length,
      ),
    );
    const reaches = (position: number, bin: number): boolean =>
      position >= start &&
      position <= end &&
      bin >= Math.floor(fround((position - start) / size)) &&
      bin < Math.ceil(fround((position - start + 1) / size));
    return { bins, reaches };
  }

  /** Regions are read as they are by then. */
  override backwardReadsBottom(bottomIndex: number): BackwardReads {
    return bottomIndex === 1 ? "present" : "nothing";
  }

  protected override backwardFeatures(y: Blob, features: Blob, rois: Blob): void {
    const [, channels = 0, height = 0, width = 0] = features.shape;
    const [dy, dx, places] = [y.diffMem.cpu(), features.diffMem.overwriteCpu(), this.#places];
    dx.fill(0);
    let at = 0;
    for (const roi of this.readRois(features, rois)) {
      const [rows, columns] = [this.#axis(roi, 1, height), this.#axis(roi, 0, width)];
      for (let c = 0; c < channels; c++) {
        const plane = (roi.image * channels + c) * height * width;
        for (let row = 0; row < this.#pooled[0]; row++) {
          for (let column = 0; column < this.#pooled[1]; column++, at++) {
            const place = places[at]!;
            if (place === -1) continue;
            if (!rows.reaches(Math.floor(place / width), row)) continue;
            if (columns.reaches(place % width, column)) dx[plane + place]! += dy[at]!;
          }
        }
      }
    }
  }
}
