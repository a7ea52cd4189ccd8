import { isFile } from "../../io/files/file-system.ts";
import { readLabelNames } from "../../io/lists/label-map.ts";
import { type AnnotatedPlan, peekAnnotated } from "../../io/loaders/annotated-loader.ts";
import { boxLabelShape, type LabelForm } from "../../io/loaders/box-labels.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { emitConstraintOf, partSamplerOf } from "../base/annotated-param.ts";
import { DatabaseDataLayer } from "../base/database-data.ts";
import type { None, OneOrMore, ParamField, TopShapeOf } from "../base/layer.ts";
import { imagesShape } from "../base/transform-param.ts";

/**
 * Batches of images with boxes from a database of AnnotatedDatums, as `caffe create_annoset` writes it.
 *
 * - top[0]: N×C×H×W, the transformed images
 * - top[1], optional: 1×1×G×8, a row [image label instance xmin ymin xmax ymax difficult] for each of the batch's G
 *   boxes, in shares of the transformed image; one row of −1 where there is none. N labels where records have no boxes.
 *   With yolo_data_type 1: N×1×300×5, of each image up to 300 rows [label−1 cx cy width height], then zeros
 * - `annotated_data_param`: batch_sampler (each draws parts of an image that lie as it asks to its boxes; one of those is
 *   used), label_map_file (labels that it does not name are an error), anno_type (BBOX: whatever type
 *   records say); yolo_data_type 0, yolo_data_jitter 0.3, train_diffcult true (YOLO's lists have difficult boxes)
 * - `data_param`: as Data; `transform_param`: as Data, and emit_constraint (which boxes stay where a part is seen)
 *
 * Boxes are cut off at the edge of what is seen; those without an area there are left out.
 *
 * @see SSD's AnnotatedDataLayer; Liu et al., 2016
 */
export class AnnotatedDataLayer extends DatabaseDataLayer {
  static override readonly type: string = "AnnotatedData";
  static override readonly paramFields: readonly ParamField[] = [
    "annotated_data_param",
    "data_param",
    "transform_param",
  ];

  static override readonly topShape: TopShapeOf = (
    { data_param, transform_param, annotated_data_param },
    topIndex,
  ) => {
    if (topIndex === 0) return imagesShape(0, data_param?.batch_size, transform_param, [], true);
    const form: LabelForm = {
      kind: annotated_data_param?.yolo_data_type === 1 ? "yolo" : "ssd",
      hasDifficult: true,
    };
    return boxLabelShape(form, data_param?.batch_size ?? 1, []);
  };

  override setUp(_bottom: None, top: OneOrMore): void {
    const { anno_type } = this.param.annotated_data_param ?? {};
    this.#checkAugmentation();
    const plan: Omit<AnnotatedPlan, "hasBoxes"> = {
      ...this.databasePlan(),
      kind: "annotated",
      labels: top.length > 1 ? this.#labelForm() : undefined,
      knownLabels: this.#knownLabels(),
      emit: this.named(() => emitConstraintOf(this.param)),
      sampler: this.named(() => partSamplerOf(this.param)),
      areBoxes: anno_type !== undefined,
    };
    const peek = this.named(() => peekAnnotated(plan));
    const [data, label] = top;
    data.reshape([plan.batchSize, ...peek.shape]);
    label?.reshape(peek.labelShape);
    this.logOpened(plan, peek, top);
    this.prefetches({ ...plan, hasBoxes: peek.hasBoxes }, top, {
      source: plan.source,
      isDecoded: peek.isEncoded,
      depth: this.param.data_param?.prefetch,
    });
  }

  /** Boxes are not turned, nor scaled but with resize_param. */
  #checkAugmentation(): void {
    const param = withDefaults("TransformationParameter", this.param.transform_param);
    if (param.max_rotation === 0 && param.min_scale === 1 && param.max_scale === 1) return;
    this.fail(
      "transform_param has max_rotation, min_scale or max_scale, which boxes do not follow. Give batch_sampler and expand_param instead.",
    );
  }

  #labelForm(): LabelForm {
    const param = withDefaults("AnnotatedDataParameter", this.param.annotated_data_param);
    const { yolo_data_type: kind, train_diffcult, difficult_label_warmup } = param;
    if (difficult_label_warmup && train_diffcult) {
      this.context.warn(
        "annotated_data_param.difficult_label_warmup has no effect here: difficult boxes count from the beginning.",
      );
    }
    if (kind !== 0 && kind !== 1) {
      this.fail(`annotated_data_param.yolo_data_type is ${kind}. Expected 0 or 1.`);
    }
    return { kind: kind === 1 ? "yolo" : "ssd", hasDifficult: train_diffcult };
  }

  /** The labels of label_map_file. SSD never opens it, so nets name one that is not there. */
  #knownLabels(): readonly number[] | undefined {
    const file = this.param.annotated_data_param?.label_map_file;
    if (!file) return undefined;
    const path = this.locate(file);
    if (isFile(path)) return [...this.named(() => readLabelNames(path)).keys()];
    this.context.warn(
      `annotated_data_param.label_map_file ${path} is not there: labels are not held against it.`,
    );
    return undefined;
  }
}
