import type { FloatArray } from "../../util/arrays.ts";
import type { AnnotationGroup } from "../proto/annotated-datum.ts";

/** How a batch's boxes are told. */
export interface LabelForm {
  /** SSD's rows of boxes of all images, or YOLO's list for each image. */
  readonly kind: "ssd" | "yolo";
  /** Whether YOLO's lists have boxes that are difficult to see. */
  readonly hasDifficult: boolean;
}

/** Numbers of a box: [image label instance xmin ymin xmax ymax difficult], or [label−1 cx cy w h]. */
const [SSD_ROW, YOLO_ROW] = [8, 5];
/** YOLO's lists have room for so many boxes of an image. */
const YOLO_BOXES = 300;

/** The shape of the labels of a batch with these objects. */
export function boxLabelShape(
  { kind }: LabelForm,
  batchSize: number,
  objects: readonly (readonly AnnotationGroup[])[],
): readonly number[] {
  if (kind === "yolo") return [batchSize, 1, YOLO_BOXES, YOLO_ROW];
  let count = 0;
  for (const groups of objects) {
    for (const { annotations } of groups) count += annotations.length;
  }
  return [1, 1, Math.max(count, 1), SSD_ROW];
}

/** Writes the labels of a batch. */
export function writeBoxLabels(
  form: LabelForm,
  objects: readonly (readonly AnnotationGroup[])[],
  to: FloatArray,
): void {
  if (form.kind === "yolo") writeYolo(form, objects, to);
  else writeSsd(objects, to);
}

/** One row of −1 where no image has a box. */
function writeSsd(objects: readonly (readonly AnnotationGroup[])[], to: FloatArray): void {
  let at = 0;
  for (const [image, groups] of objects.entries()) {
    for (const { label, annotations } of groups) {
      for (const { instance, box, isDifficult } of annotations) {
        to[at] = image;
        to[at + 1] = label;
        to[at + 2] = instance;
        to.set(box, at + 3);
        to[at + 7] = isDifficult ? 1 : 0;
        at += SSD_ROW;
      }
    }
  }
  if (at === 0) to.fill(-1);
}

/** A list ends with zeros; boxes beyond its room are left out. */
function writeYolo(
  { hasDifficult }: LabelForm,
  objects: readonly (readonly AnnotationGroup[])[],
  to: FloatArray,
): void {
  to.fill(0);
  for (const [image, groups] of objects.entries()) {
    let at = image * YOLO_BOXES * YOLO_ROW;
    const end = at + YOLO_BOXES * YOLO_ROW;
    for (const { label, annotations } of groups) {
      for (const { box, isDifficult } of annotations) {
        if (at === end || (isDifficult && !hasDifficult)) continue;
        const [xmin, ymin, xmax, ymax] = box;
        to[at] = label - 1;
        to[at + 1] = Math.fround(xmin + xmax) / 2;
        to[at + 2] = Math.fround(ymin + ymax) / 2;
        to[at + 3] = xmax - xmin;
        to[at + 4] = ymax - ymin;
        at += YOLO_ROW;
      }
    }
  }
}
