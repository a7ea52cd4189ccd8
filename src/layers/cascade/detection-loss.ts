import type { Blob } from "../../blob/blob.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { shapeText } from "../../util/shape.ts";
import { type Arity, arity, type Blobs, type One, type ParamField } from "../base/layer.ts";
import {
  type Chosen,
  FieldLossLayer,
  type FieldLossOptions,
  greatestFirst,
  type LabelledCell,
  scaledBounds,
} from "./field-loss.ts";
import { type FieldMaps, type FieldReader, LABEL_CHANNELS } from "./field-maps.ts";

/** At least so many cells of background count for each class. */
const LEAST_NEGATIVES = 4;

/**
 * The loss of a map whose cells each say what object lies in a field around them, and where.
 *
 *     E = Σ w · (−log p(class)) / (cells that count) + λ · Σ f(x − t) / (4 · cells of objects)
 *
 * All cells of objects count, and of the background (overlap below bg_threshold) those that sample_mode takes: "random"
 * draws bg_multiple for each object, "bootstrap" takes the highest scores of each class, bg_multiple for each of its
 * objects, "mixture" half of both; any other word takes all. f is smooth L1, or with bb_smooth: false d²/2. x is kept within
 * 1/field_xyr and log(field_whr), and its gradient is as if it were not.
 *
 * - bottom[0]: N×(C + 4)×H×W: scores of the background and the others, and an offset; bottom[1]: labels N×6×H×W: class, the
 *   object's middle x and y, width and height in pixels, overlap; no gradient
 * - top[0]: 1×1×1×2: the loss, and the part of the offsets, which adds to the objective once more but has no gradient of
 *   its own
 * - `detection_loss_param`: cls_num C, coord_num 4, field_w, field_h, downsample_rate (all required but coord_num), lambda 1,
 *   bb_smooth true, field_whr 2, field_xyr 2, bg_threshold 0.5, bg_multiple 4, sample_mode "random", objectness false (all
 *   objects are class 1), iou_weighted false (an object's weight is its overlap), pos_neg_weighted false (objects weigh 1
 *   of 1 + bg_multiple)
 * - `bbox_reg_param`: bbox_mean, bbox_std (four each); `loss_param`: ignore_label
 *
 * @see Cai et al., A Unified Multi-scale Deep Convolutional Neural Network, ECCV 2016; DetectionLoss of MS-CNN (zhaoweicai/mscnn)
 */
export class DetectionLossLayer extends FieldLossLayer {
  static override readonly type: string = "DetectionLoss";
  static override readonly paramFields: readonly ParamField[] = [
    "detection_loss_param",
    "bbox_reg_param",
    "loss_param",
  ];
  static override readonly bottoms: Arity = arity.two;

  get #param() {
    return withDefaults("DetectionLossParameter", this.param.detection_loss_param);
  }

  get #classes(): number {
    return this.param.detection_loss_param?.cls_num ?? 0;
  }

  protected override get options(): FieldLossOptions {
    const param = this.#param;
    return {
      lambda: param.lambda,
      objectness: param.objectness,
      isSmooth: param.bb_smooth,
      bounds: scaledBounds(param.field_xyr, param.field_whr, this.scale),
      evensOut: param.pos_neg_weighted,
      weighsByOverlap: param.iou_weighted,
      multiple: param.bg_multiple,
    };
  }

  override setUp(bottom: Blobs, top: One): void {
    super.setUp(bottom, top);
    const { coord_num, objectness, ...given } = this.#param;
    for (const field of ["cls_num", "field_w", "field_h", "downsample_rate"] as const) {
      const value = given[field] ?? 0;
      if (value > 0) continue;
      this.fail(`detection_loss_param.${field} is ${value}. Expected more than 0.`);
    }
    if (coord_num !== 4) this.fail(`detection_loss_param.coord_num is ${coord_num}. Expected 4.`);
    if (objectness && this.#classes !== 2) {
      this.fail(`cls_num is ${this.#classes} with objectness: true. Expected 2.`);
    }
  }

  override reshape([map, labels]: Blobs, [y]: One): void {
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
    y.reshape([1, 1, 1, 2]);
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

  protected override choose(cells: readonly LabelledCell[], reader: FieldReader): Chosen {
    const { sample_mode: mode, bg_threshold, bg_multiple } = this.#param;
    const objects = cells.filter(({ label }) => label !== 0);
    for (const { cell, label } of objects) {
      const kind = this.classOf(label);
      if (kind !== this.param.loss_param?.ignore_label) this.checkClass(kind, cell, reader);
    }
    const isNegative = ({ label, overlap }: LabelledCell): boolean =>
      label === 0 && overlap < Math.fround(bg_threshold);
    const negatives = cells.filter(isNegative);
    const each = bg_multiple * (mode === "mixture" ? 0.5 : 1);
    const taken = new Set<LabelledCell>();
    if (mode === "random" || mode === "mixture") {
      const draws = Math.max(
        Math.trunc(objects.length * each),
        LEAST_NEGATIVES * (this.#classes - 1),
      );
      for (let i = 0; i < draws && cells.length > 0; i++) {
        const drawn = cells[this.stream.random.below(cells.length)]!;
        if (isNegative(drawn)) taken.add(drawn);
      }
    }
    if (mode === "bootstrap" || mode === "mixture") {
      const scores = reader.maps.scores.blob.dataMem.cpu();
      for (let kind = 1; kind < this.#classes; kind++) {
        const own = objects.filter(({ label }) => this.classOf(label) === kind).length;
        const most = Math.max(LEAST_NEGATIVES, Math.trunc(own * each));
        const ranked = greatestFirst(
          negatives,
          ({ cell }) => scores[reader.scorePlace(cell, kind)]!,
        );
        for (const cell of ranked.slice(0, most)) taken.add(cell);
      }
    }
    const isKnown = ["random", "bootstrap", "mixture"].includes(mode);
    return { objects, background: isKnown ? [...taken] : negatives };
  }
}
