import type { Blob } from "../../blob/blob.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import type { Arity, Blobs, ParamField } from "../base/layer.ts";
import { boxScaleOf } from "./box-scale.ts";
import { FieldAccuracyLayer, type FieldAccuracyOptions } from "./field-accuracy.ts";
import type { FieldMaps } from "./field-maps.ts";
import { checkGroupShapes, groupFields, groupMaps } from "./group-maps.ts";

/**
 * How often the anchors of a map's cells name the right class, and how well the boxes of objects lie.
 *
 * Anchors of background whose overlap is bg_threshold or more do not count.
 *
 * - bottom[0]: scores (N·A)×C×H×W; bottom[1]: offsets (N·A)×4×H×W; bottom[2]: labels (N·A)×6×H×W: class, the object's middle
 *   x and y, width and height in pixels, overlap; no gradient
 * - top[0]: 1×1×1×2: the share of right anchors, and that among objects; top[1], optional: the mean overlap of boxes with
 *   their objects. −1 where nothing counts
 * - `detection_group_accuracy_param`: cls_num C, field_w, field_h (one for each anchor), stride (all required),
 *   field_whr 2, field_xyr 4, bg_threshold 0.5, objectness false (all objects are class 1)
 * - `bbox_reg_param`: bbox_mean, bbox_std (four each); `loss_param`: ignore_label
 *
 * @see DetectionGroupAccuracy of Cascade R-CNN (zhaoweicai/cascade-rcnn)
 */
export class DetectionGroupAccuracyLayer extends FieldAccuracyLayer {
  static override readonly type: string = "DetectionGroupAccuracy";
  static override readonly paramFields: readonly ParamField[] = [
    "detection_group_accuracy_param",
    "bbox_reg_param",
    "loss_param",
  ];
  static override readonly bottoms: Arity = { min: 3, max: 3 };

  get #param() {
    return withDefaults(
      "DetectionGroupAccuracyParameter",
      this.param.detection_group_accuracy_param,
    );
  }

  protected override get options(): FieldAccuracyOptions {
    const { objectness, bg_threshold, field_xyr, field_whr } = this.#param;
    return {
      objectness,
      threshold: bg_threshold,
      fieldXyr: field_xyr,
      fieldWhr: field_whr,
      last: 1,
    };
  }

  override setUp(): void {
    boxScaleOf(this.param.bbox_reg_param, (message) => this.fail(message));
    groupFields("detection_group_accuracy_param", this.#param, (message) => this.fail(message));
  }

  override reshape(bottom: Blobs, top: Blobs): void {
    checkGroupShapes(bottom, this.#param, (message) => this.fail(message));
    this.shapeTops(top);
  }

  protected override mapsOf(bottom: Blobs): FieldMaps {
    return groupMaps(bottom as readonly [Blob, Blob, Blob], this.#param);
  }

  /** Of equal scores the first class is the one that is named. */
  protected override isRight(scores: readonly number[], kind: number): boolean {
    return scores.indexOf(Math.max(...scores)) === kind;
  }
}
