import { isFile } from "../../io/files/file-system.ts";
import { readLabelNames, readMaskClasses } from "../../io/lists/label-map.ts";
import { type AnnotatedPlan, peekAnnotated } from "../../io/loaders/annotated-loader.ts";
import { boxLabelShape, type LabelForm } from "../../io/loaders/box-labels.ts";
import { type MaskForm, maskShape } from "../../io/loaders/masks.ts";
import type { AnnotatedDataParameter } from "../../io/proto/caffe.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import type { Shape } from "../../util/shape.ts";
import { emitConstraintOf, partSamplerOf } from "../base/annotated-param.ts";
import { DatabaseDataLayer } from "../base/database-data.ts";
import type { Arity, None, OneOrMore, ParamField, TopShapeOf } from "../base/layer.ts";
import { imagesShape } from "../base/transform-param.ts";

const MASK_FIELDS = [
  "single_class",
  "seg_scales",
  "seg_resize_height",
  "seg_resize_width",
] as const;

/**
 * Batches of images with boxes from a database of AnnotatedDatums, as `caffe create_annoset` writes it.
 *
 * - top[0]: N×C×H×W, the transformed images
 * - top[1], optional: 1×1×G×8, a row [image label instance xmin ymin xmax ymax difficult] for each of the batch's G
 *   boxes, in shares of the transformed image; one row of −1 where there is none. N labels where records have no boxes.
 *   With yolo_data_type 1: N×1×300×5, of each image up to 300 rows [label−1 cx cy width height], then zeros
 * - top[2], optional: N×K×h×w, of each of K classes the share that it has of each of h×w cells of the image, from the masks
 *   that records hold (`--anno_type=detection_with_segmentation`); beyond an image there is no class
 * - `annotated_data_param`: batch_sampler (each draws parts of an image that lie as it asks to its boxes; one of those is
 *   used), label_map_file (labels that it does not name are an error), anno_type (BBOX: whatever type
 *   records say); yolo_data_type 0, yolo_data_jitter 0.3, train_diffcult true (YOLO's lists have difficult boxes);
 *   of masks: seg_scales 8 (h and w are the image's, divided by it) or seg_resize_height and seg_resize_width, single_class
 *   true (one class, 1 where a cell's mean is above 100 of 255, else 0) or false: pixels whose value is an item's `label` in
 *   label_map_file are of class `label_id`, those of other values of none. Where no item has a label_id, of class `label`
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

  static override readonly tops: Arity = { min: 1, max: 3 };
  static override readonly topShape: TopShapeOf = (
    { data_param, transform_param, annotated_data_param },
    topIndex,
  ) => {
    const images = imagesShape(0, data_param?.batch_size, transform_param, [], true);
    if (topIndex === 0) return images;
    if (topIndex === 2) return maskTopShape(annotated_data_param, images);
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
      masks: top.length > 2 ? this.#maskForm() : this.#noMasks(),
      knownLabels: top.length > 2 ? undefined : this.#knownLabels(),
      emit: this.named(() => emitConstraintOf(this.param)),
      sampler: this.named(() => partSamplerOf(this.param)),
      areBoxes: anno_type !== undefined,
    };
    const peek = this.named(() => peekAnnotated(plan));
    const [data, label, mask] = top;
    data.reshape([plan.batchSize, ...peek.shape]);
    label?.reshape(peek.labelShape);
    if (peek.maskShape) mask?.reshape(peek.maskShape);
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
    const isCut = param.random_aspect_ratio_param !== undefined;
    const isScaled = param.min_scale !== 1 || param.max_scale !== 1;
    if (param.max_rotation === 0 && !isScaled && !isCut) return;
    this.fail(
      "transform_param has max_rotation, min_scale, max_scale or random_aspect_ratio_param, which boxes do not follow. Give batch_sampler and expand_param instead.",
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

  /** A label map of masks may name other classes than those of boxes. */
  #maskForm(): MaskForm {
    const param = withDefaults("AnnotatedDataParameter", this.param.annotated_data_param);
    const { single_class, seg_scales, seg_resize_height, seg_resize_width, label_map_file } = param;
    if (seg_scales < 1) this.fail(`seg_scales is ${seg_scales}. Expected 1 or more.`);
    if (seg_resize_height > 0 !== seg_resize_width > 0) {
      this.fail(
        `seg_resize_height is ${seg_resize_height} and seg_resize_width ${seg_resize_width}. Expected both to be set, or neither.`,
      );
    }
    const size =
      seg_resize_height > 0 ? ([seg_resize_height, seg_resize_width] as const) : seg_scales;
    if (single_class) return { classes: 1, classOf: undefined, size };
    if (!label_map_file) {
      this.fail(
        "single_class is false, and there is no label_map_file. Expected the label map that says of which class a mask's pixels are.",
      );
    }
    return { ...this.named(() => readMaskClasses(this.locate(label_map_file))), size };
  }

  /** Fields of masks ask for a third top. */
  #noMasks(): undefined {
    const given = MASK_FIELDS.filter(
      (field) => this.param.annotated_data_param?.[field] !== undefined,
    );
    if (given.length === 0) return undefined;
    this.context.warn(
      `annotated_data_param.${given.join(", ")} ${given.length > 1 ? "have" : "has"} no effect without a third top, of masks.`,
    );
    return undefined;
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

/** Known where one class is told of images whose size parameters tell. */
function maskTopShape(
  param: AnnotatedDataParameter | undefined,
  images: Shape | undefined,
): Shape | undefined {
  const { single_class, seg_scales, seg_resize_height, seg_resize_width } = withDefaults(
    "AnnotatedDataParameter",
    param,
  );
  const [batch = 1, , height = 0, width = 0] = images ?? [];
  if (!single_class || seg_scales < 1 || height < seg_scales || width < seg_scales)
    return undefined;
  const size =
    seg_resize_height > 0 ? ([seg_resize_height, seg_resize_width] as const) : seg_scales;
  return maskShape({ classes: 1, classOf: undefined, size }, batch, [height, width]);
}
