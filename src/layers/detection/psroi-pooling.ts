import type { Blob } from "../../blob/blob.ts";
import { shapeText } from "../../util/shape.ts";
import type { BackwardReads, One, ParamField, Two } from "../base/layer.ts";
import { type Bounds, boundsWithin, type Roi, RoiLayer } from "../base/rois.ts";
import { roundAway } from "./boxes.ts";

/**
 * The means of each region of interest in a grid of G×G bins, each bin of channels of its own.
 *
 *     y(r, d, i, j) = mean of x(image, (d · G + i) · G + j, …) over bin (i, j)
 *     start = round(xmin) · s, end = (round(xmax) + 1) · s, size = max(end − start, 0.1), bin p from ⌊start + p · size / G⌋
 *
 * A bin of nothing is 0.
 *
 * - bottom[0]: score maps N×(D·G²)×H×W; bottom[1]: regions R×5, `[image xmin ymin xmax ymax]` in pixels of the image; no
 *   gradient
 * - top[0]: R×D×G×G
 * - `psroi_pooling_param`: output_dim D, group_size G, spatial_scale s, all required
 *
 * @see PSROIPooling of R-FCN
 */
export class PSROIPoolingLayer extends RoiLayer {
  static override readonly type: string = "PSROIPooling";
  static override readonly paramFields: readonly ParamField[] = ["psroi_pooling_param"];

  #dim = 0;
  #group = 0;
  #scale = 1;

  override setUp(): void {
    const { output_dim, group_size, spatial_scale } = this.param.psroi_pooling_param ?? {};
    this.#dim = this.expectPositive("psroi_pooling_param.output_dim", output_dim);
    this.#group = this.expectPositive("psroi_pooling_param.group_size", group_size);
    this.#scale = this.expectPositive("psroi_pooling_param.spatial_scale", spatial_scale);
  }

  override reshape([features, rois]: Two, [y]: One): void {
    this.checkShapes(features, rois);
    const wanted = this.#dim * this.#group * this.#group;
    if (features.shape[1] !== wanted) {
      this.fail(
        `bottom 0 has shape ${shapeText(features.shape)}. Expected ${wanted} channels: output_dim · group_size².`,
      );
    }
    y.reshape([rois.shape[0] ?? 0, this.#dim, this.#group, this.#group]);
  }

  override forward([features, rois]: Two, [y]: One): void {
    const [x, result] = [features.dataMem.cpu(), y.dataMem.overwriteCpu()];
    this.#bins(features, rois, (at, first, rows, columns, area) => {
      const width = features.shape[3]!;
      let sum = 0;
      for (let h = rows[0]; h < rows[1]; h++) {
        for (let w = columns[0]; w < columns[1]; w++) sum += x[first + h * width + w]!;
      }
      result[at] = area === 0 ? 0 : sum / area;
    });
  }

  /** Regions are read as they are by then. */
  override backwardReadsBottom(bottomIndex: number): BackwardReads {
    return bottomIndex === 1 ? "present" : "nothing";
  }

  protected override backwardFeatures(y: Blob, features: Blob, rois: Blob): void {
    const [dy, dx] = [y.diffMem.cpu(), features.diffMem.overwriteCpu()];
    dx.fill(0);
    this.#bins(features, rois, (at, first, rows, columns, area) => {
      if (area === 0) return;
      const [width, share] = [features.shape[3]!, dy[at]! / area];
      for (let h = rows[0]; h < rows[1]; h++) {
        for (let w = columns[0]; w < columns[1]; w++) dx[first + h * width + w]! += share;
      }
    });
  }

  /** Calls `visit` for each value of the top: where its plane begins, the bin's bounds and its area. */
  #bins(
    features: Blob,
    rois: Blob,
    visit: (at: number, first: number, rows: Bounds, columns: Bounds, area: number) => void,
  ): void {
    const [, channels = 0, height = 0, width = 0] = features.shape;
    const group = this.#group;
    let at = 0;
    for (const roi of this.readRois(features, rois)) {
      const [rows, columns] = [this.#axis(roi, 1, height), this.#axis(roi, 0, width)];
      for (let d = 0; d < this.#dim; d++) {
        for (let i = 0; i < group; i++) {
          for (let j = 0; j < group; j++) {
            const channel = (d * group + i) * group + j;
            const first = (roi.image * channels + channel) * height * width;
            const [[top, bottom], [left, right]] = [rows[i]!, columns[j]!];
            const area = Math.max(bottom - top, 0) * Math.max(right - left, 0);
            visit(at++, first, rows[i]!, columns[j]!, area);
          }
        }
      }
    }
  }

  /** The bins of a region along x (0) or y (1). */
  #axis({ edges }: Roi, axis: 0 | 1, length: number): readonly Bounds[] {
    const { fround } = Math;
    const scale = fround(this.#scale);
    const start = fround(roundAway(edges[axis]) * scale);
    const end = fround((roundAway(edges[axis + 2]!) + 1) * scale);
    const size = fround(Math.max(fround(end - start), fround(0.1)) / this.#group);
    return Array.from({ length: this.#group }, (_, bin) =>
      boundsWithin(
        Math.floor(fround(fround(bin * size) + start)),
        Math.ceil(fround(fround((bin + 1) * size) + start)),
        length,
      ),
    );
  }
}
