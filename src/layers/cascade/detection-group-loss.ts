import type { Blob } from "../../blob/blob.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import type { Arity, Blobs, One, ParamField } from "../base/layer.ts";
import { roundAway } from "../detection/boxes.ts";
import {
  type Chosen,
  FieldLossLayer,
  type FieldLossOptions,
  greatestFirst,
  type LabelledCell,
  scaledBounds,
  softmax,
} from "./field-loss.ts";
import type { FieldMaps, FieldReader } from "./field-maps.ts";
import { checkGroupShapes, groupFields, groupMaps } from "./group-maps.ts";

/**
 * The loss of a map whose cells each say what object lies in the fields of a group of anchors, and where.
 *
 *     E = Σ w · (−log p(class)) / (cells taken) + λ · Σ f(x − t) / (4 · cells of objects taken)
 *
 * Of each image's cells, those of background (overlap below bg_threshold) and of objects are taken so: with batch_size −1
 * all objects, and bg_multiple times as many of background, min_num_neg at least; else so many of both, objects one of
 * 1 + bg_multiple at most. Objects are drawn by chance; background too (neg_mining_type "random"), or the hardest of it
 * ("bootstrap"), or half of both ("mixture"); hard is a low probability of the background (neg_ranking_type "conf_prob") or
 * a high loss ("conf_loss"). f is smooth L1, or with bbox_loss_type "Euclidean_L2" d²/2.
 *
 * - bottom[0]: scores (N·A)×C×H×W; bottom[1]: offsets (N·A)×4×H×W; bottom[2]: labels (N·A)×6×H×W: class (below 0: neither),
 *   the object's middle x and y, width and height in pixels, overlap; labels have no gradient
 * - top[0]: 1×1×1×2: the loss, and the part of the offsets, which adds to the objective once more but has no gradient of
 *   its own
 * - `detection_group_loss_param`: cls_num C, field_w, field_h (one for each anchor), stride (all required), lambda 1,
 *   bg_threshold 0.5, bg_multiple 4, neg_mining_type, neg_ranking_type "conf_loss", min_num_neg 5, objectness false (all
 *   objects are class 1), batch_size −1, pos_neg_weighted false (objects weigh 1 of 1 + bg_multiple), bbox_loss_type "Smooth_L1";
 *   with field_xyr and field_whr written, x is kept within 1/xyr and log(whr), and its gradient is as if it were not
 * - `bbox_reg_param`: bbox_mean, bbox_std (four each); `loss_param`: ignore_label
 *
 * @see Cai & Vasconcelos, Cascade R-CNN, CVPR 2018; its DetectionGroupLoss (zhaoweicai/cascade-rcnn)
 */
export class DetectionGroupLossLayer extends FieldLossLayer {
  static override readonly type: string = "DetectionGroupLoss";
  static override readonly paramFields: readonly ParamField[] = [
    "detection_group_loss_param",
    "bbox_reg_param",
    "loss_param",
  ];
  static override readonly bottoms: Arity = { min: 3, max: 3 };

  get #param() {
    return withDefaults("DetectionGroupLossParameter", this.param.detection_group_loss_param);
  }

  protected override get options(): FieldLossOptions {
    const param = this.#param;
    const { field_xyr, field_whr } = this.param.detection_group_loss_param ?? {};
    return {
      lambda: param.lambda,
      objectness: param.objectness,
      isSmooth: param.bbox_loss_type === "Smooth_L1",
      bounds:
        field_xyr === undefined || field_whr === undefined
          ? undefined
          : scaledBounds(field_xyr, field_whr, this.scale),
      evensOut: param.pos_neg_weighted,
      weighsByOverlap: false,
      multiple: param.bg_multiple,
    };
  }

  override setUp(bottom: Blobs, top: One): void {
    super.setUp(bottom, top);
    const param = this.#param;
    groupFields("detection_group_loss_param", param, (message) => this.fail(message));
    const expectWord = (field: keyof typeof param & string, words: readonly string[]): void => {
      const word = String(param[field]);
      if (words.includes(word)) return;
      this.fail(
        `detection_group_loss_param.${field} is "${word}". Expected ${words.join(" or ")}.`,
      );
    };
    expectWord("neg_mining_type", ["random", "bootstrap", "mixture"]);
    expectWord("neg_ranking_type", ["conf_prob", "conf_loss"]);
    expectWord("bbox_loss_type", ["Smooth_L1", "Euclidean_L2"]);
    if (param.batch_size !== -1 && !(param.batch_size > 0)) {
      this.fail(`batch_size is ${param.batch_size}. Expected 1 or more, or -1: all objects.`);
    }
  }

  override reshape(bottom: Blobs, [y]: One): void {
    checkGroupShapes(bottom, this.#param, (message) => this.fail(message));
    y.reshape([1, 1, 1, 2]);
  }

  protected override mapsOf(bottom: Blobs): FieldMaps {
    return groupMaps(bottom as readonly [Blob, Blob, Blob], this.#param);
  }

  protected override choose(cells: readonly LabelledCell[], reader: FieldReader): Chosen {
    const { batch_size, bg_multiple, min_num_neg, bg_threshold } = this.#param;
    const objects = cells.filter(({ label }) => label > 0);
    const background = cells.filter(
      ({ label, overlap }) => label === 0 && overlap < Math.fround(bg_threshold),
    );
    const all = batch_size === -1;
    const share = roundAway(Math.fround(batch_size / (1 + bg_multiple)));
    const most = all ? objects.length : Math.min(objects.length, share);
    const room = all ? Math.max(objects.length * bg_multiple, min_num_neg) : batch_size - most;
    return {
      objects: this.stream.sample(objects, most),
      background: this.#negatives(background, room, reader),
    };
  }

  #negatives(
    cells: readonly LabelledCell[],
    most: number,
    reader: FieldReader,
  ): readonly LabelledCell[] {
    const { neg_mining_type: mining, neg_ranking_type: ranking } = this.#param;
    if (cells.length <= most) return cells;
    if (mining === "random") return this.stream.sample(cells, most);
    const hardness = ({ cell }: LabelledCell): number => {
      const [background = 0] = softmax(reader.scores(cell));
      return ranking === "conf_prob" ? 1 - background : -Math.log(background);
    };
    const ranked = greatestFirst(cells, hardness);
    const hard = mining === "bootstrap" ? most : roundAway(most * 0.5);
    return [...ranked.slice(0, hard), ...this.stream.sample(ranked.slice(hard), most - hard)];
  }
}
