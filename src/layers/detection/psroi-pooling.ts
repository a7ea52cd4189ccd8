import type { RegionsDescriptor } from "../../engines/engine.ts";
import { shapeText } from "../../util/shape.ts";
import type { One, ParamField, Two } from "../base/layer.ts";
import { boundsWithin, type RoiAxis, RoiLayer } from "../base/rois.ts";
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

  protected override readonly method: RegionsDescriptor["method"] = "OWN_MEAN";
  #dim = 0;
  #scale = 1;

  override setUp(): void {
    const { output_dim, group_size, spatial_scale } = this.param.psroi_pooling_param ?? {};
    this.#dim = this.expectPositive("psroi_pooling_param.output_dim", output_dim);
    const group = this.expectPositive("psroi_pooling_param.group_size", group_size);
    this.grid = [group, group];
    this.#scale = this.expectPositive("psroi_pooling_param.spatial_scale", spatial_scale);
  }

  override reshape([features, rois]: Two, top: One): void {
    const wanted = this.#dim * this.grid[0] * this.grid[1];
    if (features.shape.length === 4 && features.shape[1] !== wanted) {
      this.fail(
        `bottom 0 has shape ${shapeText(features.shape)}. Expected ${wanted} channels: output_dim · group_size².`,
      );
    }
    super.reshape([features, rois], top);
  }

  protected override binsOf({ from, to, bins, length }: RoiAxis): number[] {
    const { fround } = Math;
    const scale = fround(this.#scale);
    const start = fround(roundAway(from) * scale);
    const end = fround((roundAway(to) + 1) * scale);
    const size = fround(Math.max(fround(end - start), fround(0.1)) / bins);
    return Array.from({ length: bins }, (_, bin) =>
      boundsWithin(
        Math.floor(fround(fround(bin * size) + start)),
        Math.ceil(fround(fround((bin + 1) * size) + start)),
        length,
      ),
    ).flat();
  }
}
