import type { Blob } from "../../blob/blob.ts";
import { byScore } from "../../engines/by-score.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { shapeText } from "../../util/shape.ts";
import type { Blobs, ParamField } from "../base/layer.ts";
import { boxScaleOf } from "./box-scale.ts";
import { boxOverlap, clipped, edgesOf, type OverlapMode, patchOf } from "./patches.ts";
import {
  type Proposal,
  type ProposalOptions,
  ProposalOutputLayer,
  proposalOptions,
} from "./proposal-output.ts";

const { fround } = Math;

/**
 * Proposes regions, from maps whose cells each have the anchors of a group.
 *
 * A score is 1 less the probability of the background. Boxes are cut to the image; those of fg_thr and min_size are ranked,
 * and of these stay those that overlap no better one by more than iou_thr.
 *
 * - bottoms, in pairs of a map: probabilities (N·A)×C×H×W of the background and the others, and offsets (N·A)×4×H×W;
 *   no gradient
 * - top[0]: regions R×5×1×1 `[image xmin ymin xmax ymax]`, the best first; top[1], optional: R×6×1×1, with the score behind.
 *   Without any the region is (1, 1, 10, 10) of image 0
 * - `box_group_output_param`: box_group_param for each pair (field_w and field_h of its A anchors, stride), fg_thr 0,
 *   iou_thr 0.5, nms_type IOU, IOMU (over the smaller box) or IOFU (over the better one), field_xyr 2 and field_whr 2
 *   (middles within 1/xyr of the field, sizes within whr times it), max_nms_num 0 (all), max_post_nms_num 0 (all),
 *   min_size 15
 * - `bbox_reg_param`: bbox_mean, bbox_std (four each)
 *
 * @see BoxGroupOutput of Cascade R-CNN (zhaoweicai/cascade-rcnn)
 */
export class BoxGroupOutputLayer extends ProposalOutputLayer {
  static override readonly type: string = "BoxGroupOutput";
  static override readonly paramFields: readonly ParamField[] = [
    "box_group_output_param",
    "bbox_reg_param",
  ];

  get #groups() {
    return (this.param.box_group_output_param?.box_group_param ?? []).map((group) => ({
      widths: group.field_w ?? [],
      heights: group.field_h ?? [],
      stride: group.stride ?? 0,
    }));
  }

  protected override get options(): ProposalOptions {
    return proposalOptions(
      withDefaults("BoxGroupOutputParameter", this.param.box_group_output_param),
    );
  }

  override setUp(bottom: Blobs): void {
    boxScaleOf(this.param.bbox_reg_param, (message) => this.fail(message));
    const groups = this.#groups;
    if (groups.length * 2 !== bottom.length) {
      this.fail(
        `${bottom.length} bottoms for ${groups.length} box_group_param. Expected two for each: probabilities and offsets.`,
      );
    }
    groups.forEach(({ widths, heights, stride }, i) => {
      const sizes = [...widths, ...heights, stride];
      if (widths.length >= 1 && widths.length === heights.length && sizes.every((n) => n > 0))
        return;
      this.fail(
        `box_group_param ${i} has ${widths.length} field_w, ${heights.length} field_h and stride ${stride}. Expected as many of both, all above 0.`,
      );
    });
  }

  override reshape(bottom: Blobs, top: Blobs): void {
    const images = this.imagesOf(bottom);
    const classes = bottom[0]!.shape[1] ?? 0;
    this.#groups.forEach(({ widths }, i) => {
      const [scores, offsets] = [bottom[2 * i]!, bottom[2 * i + 1]!];
      const expect = (what: string, blob: Blob, channels: number): void => {
        const wanted = [images * widths.length, channels, ...scores.shape.slice(2)];
        if (scores.shape.length === 4 && shapeText(blob.shape) === shapeText(wanted)) return;
        this.fail(
          `${what} of group ${i} have shape ${shapeText(blob.shape)}. Expected (N·${widths.length})×${channels}×H×W, of ${images} images.`,
        );
      };
      expect("probabilities", scores, classes);
      expect("offsets", offsets, 4);
    });
    super.reshape(bottom, top);
  }

  protected override imagesOf(bottom: Blobs): number {
    return Math.floor((bottom[0]!.shape[0] ?? 0) / (this.#groups[0]?.widths.length ?? 1));
  }

  protected override propose(bottom: Blobs, image: number): readonly Proposal[] {
    const { threshold, leastSize } = this.options;
    const found: Proposal[] = [];
    this.#groups.forEach(({ widths, heights, stride }, j) => {
      const [scores, offsets] = [bottom[2 * j]!, bottom[2 * j + 1]!];
      const [rows = 0, columns = 0] = scores.shape.slice(2);
      const values = scores.dataMem.cpu();
      widths.forEach((width, k) => {
        const item = image * widths.length + k;
        const read = this.patchReader(offsets, { width, height: heights[k]!, stride });
        for (let cell = 0; cell < rows * columns; cell++) {
          const score = fround(1 - values[item * scores.count(1) + cell]!);
          if (!(score >= threshold)) continue;
          const edges = edgesOf(read(item * offsets.count(1), cell));
          const box = clipped(edges, columns * stride, rows * stride);
          const patch = patchOf(box);
          if (patch[2] >= leastSize && patch[3] >= leastSize) found.push({ box, patch, score });
        }
      });
    });
    return found;
  }

  protected override ranked(proposals: readonly Proposal[]): number[] {
    return byScore(
      [...proposals.keys()],
      proposals.map(({ score }) => score),
    );
  }

  protected override overlapOf(a: Proposal, b: Proposal, mode: OverlapMode): number {
    return boxOverlap(a.box, b.box, mode);
  }
}
