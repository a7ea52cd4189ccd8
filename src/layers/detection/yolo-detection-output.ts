import type { Blob } from "../../blob/blob.ts";
import { type Arity, arity, type ParamField } from "../base/layer.ts";
import { logistic, softmaxAt } from "../base/yolo-boxes.ts";
import type { Detections } from "../base/yolo-detections.ts";
import { type YoloOutput, YoloOutputLayer } from "../base/yolo-output.ts";

/**
 * The boxes that a YOLOv2 net finds.
 *
 *     box = (column + σ(x))/W, (row + σ(y))/H, eʷ·anchor width/W, eʰ·anchor height/H;  score = σ(o) · the greatest softmax
 *
 * Boxes of a score of confidence_threshold or more, the best first, without those that a better one overlaps by
 * nms_threshold or more, whatever their classes and images are.
 *
 * - bottom[0], bottom[1] (optional, another scale): N×num_box·(5 + num_classes)×H×W
 * - top[0]: 1×1×K×7 [0, class + 1, score, xmin, ymin, xmax, ymax]; of no box at all a row [image, −1, …] for each image
 * - `yolo_detection_output_param`: num_classes (required), num_box 5, biases (width and height of each anchor, in cells),
 *   confidence_threshold 0.01, nms_threshold 0.45
 *
 * @see Redmon & Farhadi, YOLO9000, CVPR 2017; MobileNet-YOLO's YoloDetectionOutputLayer
 */
export class YoloDetectionOutputLayer extends YoloOutputLayer {
  static override readonly type: string = "YoloDetectionOutput";
  static override readonly paramFields: readonly ParamField[] = ["yolo_detection_output_param"];
  static override readonly bottoms: Arity = arity.oneOrTwo;

  #anchors: readonly number[] = [];

  protected override get output(): YoloOutput {
    const {
      num_classes: classes = 0,
      num_box: boxes = 5,
      nms_threshold: nmsThreshold = 0.45,
    } = this.param.yolo_detection_output_param ?? {};
    return { classes, boxes, numbers: 5, nmsThreshold };
  }

  override setUp(): void {
    this.checkClasses("yolo_detection_output_param");
    const { boxes } = this.output;
    const { biases = [] } = this.param.yolo_detection_output_param ?? {};
    if (biases.length < 2 * boxes) {
      this.fail(
        `yolo_detection_output_param.biases is given ${biases.length} times. Expected ${2 * boxes}: width and height of ${boxes} anchors.`,
      );
    }
    this.#anchors = Array.from(biases);
  }

  protected override detect(x: Blob, found: Detections): void {
    const { classes, boxes, numbers } = this.output;
    const { confidence_threshold = 0.01 } = this.param.yolo_detection_output_param ?? {};
    const limit = Math.fround(confidence_threshold);
    const values = x.dataMem.cpu();
    const [n = 0, , h = 0, w = 0] = x.shape;
    const step = h * w;
    const shares = new Float32Array(classes);
    const { fround, exp } = Math;
    for (let image = 0; image < n; image++) {
      for (let cell = 0; cell < step; cell++) {
        for (let b = 0; b < boxes; b++) {
          const at = image * x.count(1) + b * (numbers + classes) * step + cell;
          const object = logistic(values[at + 4 * step]!);
          // No class has a share above 1.
          if (!(object >= limit)) continue;
          softmaxAt(values, at + numbers * step, step, classes, shares);
          let label = 0;
          for (let k = 1; k < shares.length; k++) if (shares[k]! > shares[label]!) label = k;
          const score = fround(object * shares[label]!);
          if (!(score >= limit)) continue;
          const [anchorWidth, anchorHeight] = [this.#anchors[2 * b]!, this.#anchors[2 * b + 1]!];
          const box = [
            fround(fround((cell % w) + logistic(values[at]!)) / w),
            fround(fround(Math.floor(cell / w) + logistic(values[at + step]!)) / h),
            fround(fround(fround(exp(values[at + 2 * step]!)) * fround(anchorWidth)) / w),
            fround(fround(fround(exp(values[at + 3 * step]!)) * fround(anchorHeight)) / h),
          ] as const;
          found.add(box, label, score);
        }
      }
    }
  }
}
