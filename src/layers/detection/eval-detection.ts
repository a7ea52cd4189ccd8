import type { Blob } from "../../blob/blob.ts";
import { referenceSuppress } from "../../engines/reference/suppression.ts";
import type { EvalDetectionParameter } from "../../io/proto/caffe.ts";
import type { FloatArray } from "../../util/arrays.ts";
import { shapeText } from "../../util/shape.ts";
import {
  type Arity,
  type Blobs,
  Layer,
  type LayerRole,
  type One,
  type ParamField,
} from "../base/layer.ts";
import { planesOf } from "../base/planes.ts";
import { iouOf, logistic, softmaxAt } from "../base/yolo-boxes.ts";
import { Detections } from "../base/yolo-detections.ts";
import { cornerLabels, type Truth } from "../base/yolo-labels.ts";

/** Scores below are not told, as in darknet. */
const LEAST_SCORE = 0.005;

/**
 * Which of the boxes that a YOLOv2 net finds are right, for a mean average precision over a whole set.
 *
 * Boxes are decoded as by YoloDetectionOutput, one for each anchor, and of those that a better one of the same image
 * overlaps by nms or more only that stays. By class, the best first: a box is right (tp) where the true box that it has
 * most in common with, at least `threshold`, was not found before, and wrong (fp) where it was, or where the image has no
 * box of the class. Of one that overlaps less neither is told.
 *
 * - bottom[0]: N×num_object·(5 + num_class)×side×side; bottom[1]: 1×1×G×8 labels as SSD's data layers make them;
 *   bottom[2], optional: images, which are not read
 * - top[0]: N×(num_class + side²·num_object·4): how many true boxes each class has, then [class, score, tp, fp] of each
 *   found one, then zeros
 * - `eval_detection_param`: side 7, num_class 20, num_object 2, biases, threshold 0.5, nms −1 (below 0 nothing is found),
 *   score_type MULTIPLY (object times class; OBJ, PROB: one of them)
 *
 * @see Intel Caffe's EvalDetectionLayer
 */
export class EvalDetectionLayer extends Layer<Blobs, One> {
  static override readonly type: string = "EvalDetection";
  static override readonly role: LayerRole = "result";
  static override readonly paramFields: readonly ParamField[] = ["eval_detection_param"];
  static override readonly bottoms: Arity = { min: 2, max: 3 };

  get #param(): Required<
    Pick<EvalDetectionParameter, "side" | "num_class" | "num_object" | "threshold" | "biases">
  > {
    const { side = 7, num_class = 20, num_object = 2 } = this.param.eval_detection_param ?? {};
    const { threshold = 0.5, biases = [] } = this.param.eval_detection_param ?? {};
    return { side, num_class, num_object, threshold, biases };
  }

  override setUp(): void {
    const { num_object, biases } = this.#param;
    if (biases.length < 2 * num_object) {
      this.fail(
        `eval_detection_param.biases is given ${biases.length} times. Expected ${2 * num_object}: width and height of num_object ${num_object} anchors.`,
      );
    }
  }

  override reshape(bottom: Blobs, [top]: One): void {
    const [x, label] = bottom as [Blob, Blob];
    const [n, c, h, w] = planesOf(x, (message) => this.fail(message));
    const { side, num_class, num_object } = this.#param;
    if (c !== num_object * (5 + num_class) || h !== side || w !== side) {
      this.fail(
        `bottom has shape ${shapeText(x.shape)}. Expected (${n},${num_object * (5 + num_class)},${side},${side}), as side ${side}, num_object ${num_object} and num_class ${num_class} have it.`,
      );
    }
    if (label.shape.at(-1) !== 8) {
      this.fail(`labels have shape ${shapeText(label.shape)}. Expected (1,1,G,8).`);
    }
    top.reshape([n, num_class + side * side * num_object * 4]);
  }

  override forward(bottom: Blobs, [top]: One): void {
    const [x, label] = bottom as [Blob, Blob];
    const { num_class } = this.#param;
    const images = x.shape[0] ?? 0;
    const fail = (sample: number, message: string): never => this.failAt(sample, message);
    const truths = cornerLabels(label, images, num_class, fail);
    const [values, to] = [x.dataMem.cpu(), top.dataMem.overwriteCpu()];
    to.fill(0, 0, top.count());
    for (let image = 0; image < images; image++) {
      const first = image * top.count(1);
      for (const truth of truths[image] ?? []) to[first + truth.label]! += 1;
      const rows = this.#judge(this.#detect(values, image * x.count(1)), truths[image] ?? []);
      to.set(rows.flat(), first + num_class);
    }
  }

  #detect(values: FloatArray, first: number): Detections {
    const { side, num_class, num_object, biases } = this.#param;
    const { score_type = "MULTIPLY" } = this.param.eval_detection_param ?? {};
    const step = side * side;
    const shares = new Float32Array(num_class);
    const all = new Detections();
    const { fround, exp } = Math;
    for (let cell = 0; cell < step; cell++) {
      for (let b = 0; b < num_object; b++) {
        const at = first + b * (5 + num_class) * step + cell;
        softmaxAt(values, at + 5 * step, step, num_class, shares);
        let label = 0;
        for (let k = 1; k < num_class; k++) if (shares[k]! > shares[label]!) label = k;
        const object = score_type === "PROB" ? 1 : logistic(values[at + 4 * step]!);
        const share = score_type === "OBJ" ? 1 : shares[label]!;
        const box = [
          fround(fround((cell % side) + logistic(values[at]!)) / side),
          fround(fround(Math.floor(cell / side) + logistic(values[at + step]!)) / side),
          fround(fround(fround(exp(values[at + 2 * step]!)) * fround(biases[2 * b]!)) / side),
          fround(fround(fround(exp(values[at + 3 * step]!)) * fround(biases[2 * b + 1]!)) / side),
        ] as const;
        all.add(box, label, fround(object * share));
      }
    }
    return all;
  }

  /** Rows [class, score, tp, fp]. */
  #judge(found: Detections, truths: readonly Truth[]): number[][] {
    const { nms = -1 } = this.param.eval_detection_param ?? {};
    if (nms < 0) return [];
    const limit = Math.fround(this.#param.threshold);
    const best = found.best(nms, referenceSuppress).filter((i) => found.score(i) >= LEAST_SCORE);
    const byClass = best.sort((a, b) => found.label(a) - found.label(b));
    const done = new Set<Truth>();
    return byClass.map((i) => {
      const [box, label, score] = [found.box(i), found.label(i), found.score(i)];
      const own = truths.filter((truth) => truth.label === label);
      if (own.length === 0) return [label, score, 0, 1];
      let [most, nearest] = [-1, own[0]!];
      for (const truth of own) {
        const overlap = iouOf(box, truth.box);
        if (overlap > most) [most, nearest] = [overlap, truth];
      }
      if (!(most >= limit)) return [label, score, 0, 0];
      if (done.has(nearest)) return [label, score, 0, 1];
      done.add(nearest);
      return [label, score, 1, 0];
    });
  }

  override backward(_top: One, propagateDown: readonly boolean[]): void {
    if (propagateDown.some(Boolean)) this.fail("it has no gradient. Expected it under no loss.");
  }

  override allowForceBackward(): boolean {
    return false;
  }
}
