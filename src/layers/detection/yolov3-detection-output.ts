import type { Blob } from "../../blob/blob.ts";
import type { Yolov3DetectionOutputParameter } from "../../io/proto/caffe.ts";
import { type Arity, arity, type OneOrMore, type ParamField } from "../base/layer.ts";
import { iouOf, logistic } from "../base/yolo-boxes.ts";
import type { Detections } from "../base/yolo-detections.ts";
import { type YoloOutput, YoloOutputLayer } from "../base/yolo-output.ts";

/**
 * The boxes that a YOLOv3 net finds, at several scales.
 *
 *     box = (column + σ(x))/W, (row + σ(y))/H, eʷ·anchor width/width, eʰ·anchor height/height;  score = σ(o) · σ(class)
 *
 * A box for every class whose score is above confidence_threshold, the best first, without those that a better one
 * overlaps by nms_threshold or more, whatever their classes and images are.
 *
 * - bottoms: one for each of mask_group_num scales, N×num_box·(5 + num_classes)×H×W; with gaussian_box
 *   N×num_box·(9 + num_classes)×H×W, a deviation behind each of x, y, w, h, and σ(o) counts less where those are large
 * - top[0]: 1×1×K×7 [0, class + 1, score, xmin, ymin, xmax, ymax]; of no box at all a row [image, −1, …] for each image
 * - `yolov3_detection_output_param`: num_classes (required), num_box 3, mask_group_num 2, biases (width and height of every
 *   anchor in pixels), mask (those of each scale), anchors_scale (pixels of a cell, for each scale), confidence_threshold
 *   0.01, nms_threshold 0.45, gaussian_box false
 *
 * @see Redmon & Farhadi, YOLOv3, 2018; MobileNet-YOLO's Yolov3DetectionOutputLayer
 */
export class Yolov3DetectionOutputLayer extends YoloOutputLayer {
  static override readonly type: string = "Yolov3DetectionOutput";
  static override readonly paramFields: readonly ParamField[] = ["yolov3_detection_output_param"];
  static override readonly bottoms: Arity = arity.oneOrMore;

  get #param(): Yolov3DetectionOutputParameter {
    return this.param.yolov3_detection_output_param ?? {};
  }

  protected override get output(): YoloOutput {
    const { num_classes: classes = 0, num_box: boxes = 3, gaussian_box = false } = this.#param;
    const { nms_threshold: nmsThreshold = 0.45 } = this.#param;
    return { classes, boxes, numbers: gaussian_box ? 9 : 5, nmsThreshold };
  }

  override setUp(bottoms: OneOrMore): void {
    this.checkClasses("yolov3_detection_output_param");
    const { boxes } = this.output;
    const { mask_group_num = 2, biases = [], mask = [], anchors_scale = [] } = this.#param;
    if (bottoms.length !== mask_group_num || anchors_scale.length < mask_group_num) {
      this.fail(
        `${bottoms.length} bottoms, mask_group_num ${mask_group_num} and ${anchors_scale.length} anchors_scale. Expected as many of each.`,
      );
    }
    const each = Math.floor(mask.length / mask_group_num);
    if (each < boxes || mask.some((anchor) => 2 * anchor + 1 >= biases.length)) {
      this.fail(
        `yolov3_detection_output_param has ${mask.length} mask entries (${mask.join(", ")}) and ${biases.length} biases. Expected num_box ${boxes} mask entries for each of ${mask_group_num} scales, and two biases for each anchor that they name.`,
      );
    }
  }

  protected override detect(x: Blob, found: Detections, scale: number): void {
    const { classes, boxes, numbers } = this.output;
    const { mask_group_num = 2, confidence_threshold = 0.01, gaussian_box = false } = this.#param;
    const { biases = [], mask = [], anchors_scale = [] } = this.#param;
    const limit = Math.fround(confidence_threshold);
    const nms = Math.fround(this.output.nmsThreshold);
    const scores = new Float32Array(classes);
    const firstMask = scale * Math.floor(mask.length / mask_group_num);
    const values = x.dataMem.cpu();
    const [n = 0, , h = 0, w = 0] = x.shape;
    const step = h * w;
    const apart = gaussian_box ? 2 : 1;
    const { fround, exp } = Math;
    for (let image = 0; image < n; image++) {
      for (let cell = 0; cell < step; cell++) {
        for (let b = 0; b < boxes; b++) {
          const at = image * x.count(1) + b * (numbers + classes) * step + cell;
          const number = (i: number): number => values[at + i * step]!;
          let object = logistic(number(numbers - 1));
          if (gaussian_box) {
            const unsure = [1, 3, 5, 7].reduce((sum, i) => sum + logistic(number(i)), 0);
            object = fround((object * (4 - unsure)) / 4);
          }
          // No class is surer than that there is an object at all.
          if (!(object > limit)) continue;
          let highest = limit;
          for (let label = 0; label < classes; label++) {
            scores[label] = logistic(number(numbers + label)) * object;
            // What is no number is never higher.
            if (scores[label]! > highest) highest = scores[label]!;
          }
          if (!(highest > limit)) continue;
          const anchor = mask[firstMask + b]!;
          const pixels = anchors_scale[scale]!;
          const box = [
            fround(fround((cell % w) + logistic(number(0))) / w),
            fround(fround(Math.floor(cell / w) + logistic(number(apart))) / h),
            fround(
              fround(fround(exp(number(2 * apart))) * fround(biases[2 * anchor]!)) / (w * pixels),
            ),
            fround(
              fround(fround(exp(number(3 * apart))) * fround(biases[2 * anchor + 1]!)) /
                (h * pixels),
            ),
          ] as const;
          // Of the classes of one box the best suppresses the others, unless a box may overlap another as much as itself.
          const isOne = iouOf(box, box) >= nms;
          for (let label = 0; label < classes; label++) {
            const score = scores[label]!;
            if (!(isOne ? score === highest : score > limit)) continue;
            found.add(box, label, score);
            if (isOne) break;
          }
        }
      }
    }
  }
}
