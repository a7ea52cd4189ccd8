import type { Blob } from "../../blob/blob.ts";
import { shapeText } from "../../util/shape.ts";
import {
  type Arity,
  arity,
  Layer,
  type LayerRole,
  type One,
  type OneOrMore,
  type ParamField,
} from "../base/layer.ts";
import { planesOf } from "../base/planes.ts";
import { best, type Detection, logistic, rowsOf, softmaxAt } from "../base/yolo-boxes.ts";

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
export class YoloDetectionOutputLayer extends Layer<OneOrMore, One> {
  static override readonly type: string = "YoloDetectionOutput";
  static override readonly role: LayerRole = "result";
  static override readonly paramFields: readonly ParamField[] = ["yolo_detection_output_param"];
  static override readonly bottoms: Arity = arity.oneOrTwo;

  #classes = 0;
  #boxes = 5;
  #anchors: readonly number[] = [];

  override setUp(): void {
    const {
      num_classes = 0,
      num_box = 5,
      biases = [],
    } = this.param.yolo_detection_output_param ?? {};
    if (num_classes < 1) {
      this.fail(
        `yolo_detection_output_param.num_classes is ${num_classes}. Must specify num_classes.`,
      );
    }
    if (biases.length < 2 * num_box) {
      this.fail(
        `yolo_detection_output_param.biases is given ${biases.length} times. Expected ${2 * num_box}: width and height of ${num_box} anchors.`,
      );
    }
    this.#classes = num_classes;
    this.#boxes = num_box;
    this.#anchors = Array.from(biases);
  }

  override reshape(bottoms: OneOrMore, [top]: One): void {
    for (const x of bottoms) {
      const [, c] = planesOf(x, (message) => this.fail(message));
      const each = 5 + this.#classes;
      if (c !== this.#boxes * each) {
        this.fail(
          `bottom has ${c} channels, shape ${shapeText(x.shape)}. Expected ${this.#boxes * each}: x, y, w, h, an object and ${this.#classes} classes for each of ${this.#boxes} boxes.`,
        );
      }
    }
    top.reshape([1, 1, 1, 7]);
  }

  override forward(bottoms: OneOrMore, [top]: One): void {
    const { nms_threshold = 0.45 } = this.param.yolo_detection_output_param ?? {};
    const found = best(
      bottoms.flatMap((x) => this.#detect(x)),
      nms_threshold,
    );
    const rows = rowsOf(found, bottoms[0].shape[0] ?? 0);
    top.reshape([1, 1, rows.length, 7]);
    top.dataMem.overwriteCpu().set(rows.flat());
  }

  #detect(x: Blob): Detection[] {
    const { confidence_threshold = 0.01 } = this.param.yolo_detection_output_param ?? {};
    const limit = Math.fround(confidence_threshold);
    const values = x.dataMem.cpu();
    const [n = 0, , h = 0, w = 0] = x.shape;
    const step = h * w;
    const shares = new Float32Array(this.#classes);
    const found: Detection[] = [];
    const { fround, exp } = Math;
    for (let image = 0; image < n; image++) {
      for (let cell = 0; cell < step; cell++) {
        for (let b = 0; b < this.#boxes; b++) {
          const at = image * x.count(1) + b * (5 + this.#classes) * step + cell;
          softmaxAt(values, at + 5 * step, step, this.#classes, shares);
          let label = 0;
          for (let k = 1; k < shares.length; k++) if (shares[k]! > shares[label]!) label = k;
          const score = fround(logistic(values[at + 4 * step]!) * shares[label]!);
          if (!(score >= limit)) continue;
          const [anchorWidth, anchorHeight] = [this.#anchors[2 * b]!, this.#anchors[2 * b + 1]!];
          const box = [
            fround(fround((cell % w) + logistic(values[at]!)) / w),
            fround(fround(Math.floor(cell / w) + logistic(values[at + step]!)) / h),
            fround(fround(fround(exp(values[at + 2 * step]!)) * fround(anchorWidth)) / w),
            fround(fround(fround(exp(values[at + 3 * step]!)) * fround(anchorHeight)) / h),
          ] as const;
          found.push({ box, label, score });
        }
      }
    }
    return found;
  }

  override backward(_top: One, propagateDown: readonly boolean[]): void {
    if (propagateDown.some(Boolean)) this.fail("it has no gradient. Expected it under no loss.");
  }

  override allowForceBackward(): boolean {
    return false;
  }
}
