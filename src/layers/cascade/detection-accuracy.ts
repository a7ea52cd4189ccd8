import type { Blob } from "../../blob/blob.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { shapeText } from "../../util/shape.ts";
import { type Arity, arity, type Blobs, type ParamField } from "../base/layer.ts";
import { boxScaleOf } from "./box-scale.ts";
import { FieldAccuracyLayer, type FieldAccuracyOptions } from "./field-accuracy.ts";
import { type FieldMaps, LABEL_CHANNELS } from "./field-maps.ts";

/**
 * How often a map's cells name the right class, and how well the boxes of objects lie.
 *
 * Cells of background whose overlap is bg_threshold or more do not count. Boxes count without their last row and column.
 *
 * - bottom[0]: N×(C + 4)×H×W: scores and an offset; bottom[1]: labels N×6×H×W: class, the object's middle x and y, width and
 *   height in pixels, overlap; no gradient
 * - top[0]: 1×1×1×2: the share of right cells, and that among objects; top[1], optional: the mean overlap of boxes with
 *   their objects. −1 where nothing counts
 * - `detection_accuracy_param`: cls_num C, field_w, field_h, downsample_rate (all required), coord_num 4, top_k 1,
 *   field_whr 2, field_xyr 4, bg_threshold 0.5, objectness false (all objects are class 1)
 * - `bbox_reg_param`: bbox_mean, bbox_std (four each); `loss_param`: ignore_label
 *
 * @see DetectionAccuracy of MS-CNN (zhaoweicai/mscnn)
 */
export class DetectionAccuracyLayer extends FieldAccuracyLayer {
  static override readonly type: string = "DetectionAccuracy";
  static override readonly paramFields: readonly ParamField[] = [
    "detection_accuracy_param",
    "bbox_reg_param",
    "loss_param",
  ];
  static override readonly bottoms: Arity = arity.two;

  get #param() {
    return withDefaults("DetectionAccuracyParameter", this.param.detection_accuracy_param);
  }

  get #classes(): number {
    return this.param.detection_accuracy_param?.cls_num ?? 0;
  }

  protected override get options(): FieldAccuracyOptions {
    const { objectness, bg_threshold, field_xyr, field_whr } = this.#param;
    return {
      objectness,
      threshold: bg_threshold,
      fieldXyr: field_xyr,
      fieldWhr: field_whr,
      last: 0,
    };
  }

  override setUp(): void {
    boxScaleOf(this.param.bbox_reg_param, (message) => this.fail(message));
    const { coord_num, objectness, top_k, ...given } = this.#param;
    for (const field of ["cls_num", "field_w", "field_h", "downsample_rate"] as const) {
      const value = given[field] ?? 0;
      if (value > 0) continue;
      this.fail(`detection_accuracy_param.${field} is ${value}. Expected more than 0.`);
    }
    if (coord_num !== 4) {
      this.fail(`detection_accuracy_param.coord_num is ${coord_num}. Expected 4.`);
    }
    if (!(top_k >= 1 && top_k <= this.#classes)) {
      this.fail(`detection_accuracy_param.top_k is ${top_k}. Expected 1 to ${this.#classes}.`);
    }
    if (objectness && this.#classes !== 2) {
      this.fail(`cls_num is ${this.#classes} with objectness: true. Expected 2.`);
    }
  }

  override reshape([map, labels]: Blobs, top: Blobs): void {
    const [batch = 0, channels = 0, ...rest] = map!.shape;
    if (rest.length !== 2 || channels !== this.#classes + 4) {
      this.fail(
        `bottom 0 has shape ${shapeText(map!.shape)}. Expected N×${this.#classes + 4}×H×W: cls_num ${this.#classes} and four of a box.`,
      );
    }
    const wanted = [batch, LABEL_CHANNELS, ...rest];
    if (shapeText(labels!.shape) !== shapeText(wanted)) {
      this.fail(`labels have shape ${shapeText(labels!.shape)}. Expected ${shapeText(wanted)}.`);
    }
    this.shapeTops(top);
  }

  protected override mapsOf([map, labels]: Blobs): FieldMaps {
    const { field_w = 0, field_h = 0, downsample_rate = 0 } = this.#param;
    return {
      scores: { blob: map as Blob, first: 0 },
      offsets: { blob: map as Blob, first: this.#classes },
      labels: labels as Blob,
      classes: this.#classes,
      fields: [{ width: field_w, height: field_h, stride: downsample_rate }],
    };
  }

  /** Of equal scores the higher class comes first, as pairs sort in MS-CNN. */
  protected override isRight(scores: readonly number[], kind: number): boolean {
    const own = scores[kind];
    if (own === undefined || Number.isNaN(own)) return false;
    const better = scores.filter((score, c) => score > own || (score === own && c > kind)).length;
    return better < this.#param.top_k;
  }
}
