import { withDefaults } from "../../io/proto/messages.ts";
import { shapeText } from "../../util/shape.ts";
import type { Blobs, ParamField } from "../base/layer.ts";
import { boxScaleOf } from "./box-scale.ts";
import { type OverlapMode, patchOverlap } from "./patches.ts";
import {
  type Proposal,
  type ProposalOptions,
  ProposalOutputLayer,
  proposalOptions,
} from "./proposal-output.ts";

const { fround } = Math;

/**
 * Proposes regions, from maps that each stand for one receptive field.
 *
 * A cell's score is the best of its classes less that of the background. Boxes begin within the image and reach to its end
 * at most; those of fg_thr and min_size are ranked, and of these stay those that overlap no better one by more than iou_thr.
 *
 * - bottoms: a map each, N×(C + 4)×H×W: scores of the background and the others, and an offset; no gradient
 * - top[0]: regions R×5×1×1 `[image xmin ymin xmax ymax]`, the best first; top[1], optional: R×6×1×1, with the score behind.
 *   Without any the region is (1, 1, 10, 10) of image 0
 * - `box_output_param`: field_w, field_h, downsample_rate (one for each bottom), fg_thr 0, iou_thr 0.5, nms_type IOU,
 *   IOMU (over the smaller box) or IOFU (over the better one), field_xyr 2 and field_whr 2 (middles within 1/xyr of the
 *   field, sizes within whr times it), max_nms_num 0 (all), max_post_nms_num 0 (all), min_size 15
 * - `bbox_reg_param`: bbox_mean, bbox_std (four each)
 *
 * @see BoxOutput of MS-CNN (zhaoweicai/mscnn)
 */
export class BoxOutputLayer extends ProposalOutputLayer {
  static override readonly type: string = "BoxOutput";
  static override readonly paramFields: readonly ParamField[] = [
    "box_output_param",
    "bbox_reg_param",
  ];

  protected override get options(): ProposalOptions {
    return proposalOptions(withDefaults("BoxOutputParameter", this.param.box_output_param));
  }

  override setUp(bottom: Blobs): void {
    boxScaleOf(this.param.bbox_reg_param, (message) => this.fail(message));
    for (const field of ["field_w", "field_h", "downsample_rate"] as const) {
      const given = this.param.box_output_param?.[field] ?? [];
      if (given.length === bottom.length && given.every((value) => value > 0)) continue;
      this.fail(
        `box_output_param.${field} is [${given.join(", ")}]. Expected ${bottom.length} numbers above 0, one for each bottom.`,
      );
    }
  }

  override reshape(bottom: Blobs, top: Blobs): void {
    for (const map of bottom) {
      const { shape } = map;
      if (shape.length === 4 && shape[0] === bottom[0]!.shape[0] && shape[1]! >= 6) continue;
      this.fail(
        `a map has shape ${shapeText(shape)}. Expected N×(C + 4)×H×W: two classes at least, and four numbers of a box.`,
      );
    }
    super.reshape(bottom, top);
  }

  protected override imagesOf(bottom: Blobs): number {
    return bottom[0]!.shape[0] ?? 0;
  }

  protected override propose(bottom: Blobs, image: number): readonly Proposal[] {
    const { field_w = [], field_h = [], downsample_rate = [] } = this.param.box_output_param ?? {};
    const { threshold, leastSize } = this.options;
    return bottom.flatMap((map, j) => {
      const stride = downsample_rate[j]!;
      const [, channels = 0, rows = 0, columns = 0] = map.shape;
      const [plane, classes] = [rows * columns, channels - 4];
      const values = map.dataMem.cpu();
      const start = image * map.count(1);
      const read = this.patchReader(map, { width: field_w[j]!, height: field_h[j]!, stride });
      const found: Proposal[] = [];
      for (let cell = 0; cell < plane; cell++) {
        let best = Number.NEGATIVE_INFINITY;
        for (let c = 1; c < classes; c++) best = Math.max(best, values[start + c * plane + cell]!);
        const score = fround(best - values[start + cell]!);
        if (!(score >= threshold)) continue;
        const patch = read(start + classes * plane, cell);
        const [x, y] = [Math.max(patch[0], 0), Math.max(patch[1], 0)];
        const w = Math.min(patch[2], fround(columns * stride - x));
        const h = Math.min(patch[3], fround(rows * stride - y));
        if (w >= leastSize && h >= leastSize) {
          found.push({ box: [x, y, fround(x + w), fround(y + h)], patch: [x, y, w, h], score });
        }
      }
      return found;
    });
  }

  /** Of equal scores the later one comes first, as pairs sort in MS-CNN. */
  protected override ranked(proposals: readonly Proposal[]): number[] {
    return [...proposals.keys()].sort((a, b) => proposals[b]!.score - proposals[a]!.score || b - a);
  }

  protected override overlapOf(a: Proposal, b: Proposal, mode: OverlapMode): number {
    return patchOverlap(a.patch, b.patch, 0, mode);
  }
}
