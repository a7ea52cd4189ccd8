import { Blob } from "../../blob/blob.ts";
import type { RegionLossParameter } from "../../io/proto/caffe.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import type { FloatArray } from "../../util/arrays.ts";
import { shapeText } from "../../util/shape.ts";
import type { One, ParamField, Two } from "../base/layer.ts";
import { LossLayer } from "../base/loss.ts";
import { planesOf } from "../base/planes.ts";
import { type CenterBox, iouOf, logistic, softmaxAt } from "../base/yolo-boxes.ts";
import { centerLabels, cornerLabels, type Truth } from "../base/yolo-labels.ts";

/**
 * YOLOv2's loss: E = Σ δ², where δ is what darknet calls the gradient and passes back. It is not the derivative of E.
 *
 *     δ of σ(o):      noobject_scale·σ(o)·σ'(o), 0 where the predicted box has more than `thresh` in common with one;
 *                     for the anchor that fits a box best, in the cell of its middle, −object_scale·(t − σ(o))·σ'(o)
 *     δ of x, y:      −s·(t − σ(x))·σ'(x), t the middle within the cell        δ of w, h: −s·(log(box/anchor) − w)
 *     δ of classes:   −class_scale·(onehot − softmax)
 *
 * Two forks have it under one name; the labels say which is meant. MobileNet-YOLO's, of rows of 5: E is divided by N; t
 * for σ(o) is the overlap and s coord_scale, or without `rescore` 1 and coord_scale·(2 − area). Intel's, of rows of 8: E is
 * not divided; δ for σ(o) is −2·object_scale·(1 − σ(o))³·σ'(o), s coord_scale, and differences count as at most 1.
 *
 * - bottom[0]: N×num·(5 + num_class)×H×W, for each anchor x, y, w, h, o and the classes
 * - bottom[1]: N×1×G×5 rows of class, x, y, w, h, classes from 0, a list ends at 0; or as SSD's data layers make them,
 *   1×1×G×8 rows of image, class, instance, xmin, ymin, xmax, ymax, difficult, classes from 1
 * - top[0]: the loss, a scalar; ∂E/∂x = δ/N
 * - `region_loss_param`: num 5, num_class 20, biases (width and height of each anchor, in cells), bias_match 1, rescore 1,
 *   object_scale 1, noobject_scale 0.5, class_scale 1, coord_scale 5, thresh 0.2
 *
 * @see Redmon & Farhadi, YOLO9000, CVPR 2017; MobileNet-YOLO's and Intel's RegionLossLayer
 */
export class RegionLossLayer extends LossLayer<Two, One> {
  static override readonly type: string = "RegionLoss";
  static override readonly paramFields: readonly ParamField[] = ["region_loss_param"];
  static override readonly needs = ["host"] as const;
  static override readonly hostBottoms: readonly number[] = [1];

  #param!: RegionLossParameter & { readonly num: number; readonly num_class: number };
  #isIntel = false;
  #delta!: Blob;
  #classes: FloatArray = new Float32Array(0);

  override setUp(): void {
    const param = withDefaults("RegionLossParameter", this.param.region_loss_param);
    this.#param = param;
    for (const field of ["softmax_tree", "class_map"] as const) {
      if (param[field]) {
        this.fail(
          `region_loss_param.${field} is "${param[field]}". Expected none: classes are numbered as the labels have them.`,
        );
      }
    }
    if ((param.biases?.length ?? 0) < 2 * param.num) {
      this.fail(
        `region_loss_param.biases is given ${param.biases?.length ?? 0} times. Expected ${2 * param.num}: width and height of ${param.num} anchors.`,
      );
    }
    this.#delta = new Blob([0], this.context.dtype);
    this.#classes = new Float32Array(param.num_class);
  }

  override reshape([x, label]: Two, [loss]: One): void {
    const [n, c] = planesOf(x, (message) => this.fail(message));
    const { num, num_class } = this.#param;
    if (c !== num * (5 + num_class)) {
      this.fail(
        `bottom has ${c} channels, shape ${shapeText(x.shape)}. Expected ${num * (5 + num_class)}: x, y, w, h, an object and ${num_class} classes for each of ${num} anchors.`,
      );
    }
    const numbers = label.shape.at(-1);
    this.#isIntel = numbers === 8;
    if (numbers !== 8 && (numbers !== 5 || label.shape[0] !== n)) {
      this.fail(
        `labels have shape ${shapeText(label.shape)}. Expected (${n},1,G,5), or (1,1,G,8) as SSD's data layers make them.`,
      );
    }
    loss.reshape([]);
    this.#delta.reshapeLike(x);
  }

  override forward([x, label]: Two, [loss]: One): void {
    const delta = this.#delta.dataMem.overwriteCpu();
    delta.fill(0, 0, x.count());
    const fail = (sample: number, message: string): never => this.failAt(sample, message);
    const images = x.shape[0] ?? 0;
    const { num_class } = this.#param;
    const truths = this.#isIntel
      ? cornerLabels(label, images, num_class, fail)
      : centerLabels(label, num_class, 3, fail);
    const seen = this.#isIntel ? truths : centerLabels(label, num_class, 1, fail);
    const values = x.dataMem.cpu();
    for (let image = 0; image < images; image++) {
      this.#findNothing(x, values, delta, image, seen[image] ?? []);
      for (const truth of truths[image] ?? []) this.#find(x, values, delta, image, truth);
    }
    let sum = 0;
    for (let i = 0; i < x.count(); i++) sum += delta[i]! * delta[i]!;
    loss.dataMem.overwriteCpu()[0] = this.#isIntel ? sum : sum / Math.max(1, images);
  }

  /** Everywhere: there is no object, unless the predicted box overlaps one. */
  #findNothing(
    x: Blob,
    values: FloatArray,
    delta: FloatArray,
    image: number,
    truths: readonly Truth[],
  ): void {
    const { num, num_class, noobject_scale = 0.5, thresh = 0.2 } = this.#param;
    const [, , h = 0, w = 0] = x.shape;
    const limit = Math.fround(thresh);
    for (let n = 0; n < num; n++) {
      const first = image * x.count(1) + n * (5 + num_class) * h * w;
      for (let cell = 0; cell < h * w; cell++) {
        const box = this.#boxAt(values, first + cell, n, cell, h, w);
        if (truths.some((truth) => iouOf(box, truth.box) > limit)) continue;
        const at = first + cell + 4 * h * w;
        const object = logistic(values[at]!);
        delta[at] = noobject_scale * object * object * (1 - object);
      }
    }
  }

  #boxAt(values: FloatArray, at: number, n: number, cell: number, h: number, w: number): CenterBox {
    const { biases = [] } = this.#param;
    const { fround, exp } = Math;
    const step = h * w;
    return [
      fround(fround((cell % w) + logistic(values[at]!)) / w),
      fround(fround(Math.floor(cell / w) + logistic(values[at + step]!)) / h),
      fround(fround(fround(exp(values[at + 2 * step]!)) * fround(biases[2 * n]!)) / w),
      fround(fround(fround(exp(values[at + 3 * step]!)) * fround(biases[2 * n + 1]!)) / h),
    ];
  }

  /** The anchor that fits a box best, in the cell of its middle, is to find it. */
  #find(x: Blob, values: FloatArray, delta: FloatArray, image: number, truth: Truth): void {
    const { num, num_class, biases = [], bias_match = 1, rescore = 1 } = this.#param;
    const { object_scale = 1, class_scale = 1, coord_scale = 5 } = this.#param;
    const [, , h = 0, w = 0] = x.shape;
    const step = h * w;
    const [tx, ty, tw, th] = truth.box;
    const [i, j] = [Math.trunc(tx * w), Math.trunc(ty * h)];
    const cell = j * w + i;
    const placeOf = (n: number): number => image * x.count(1) + n * (5 + num_class) * step + cell;
    let [bestFit, n] = [0, 0];
    for (let k = 0; k < num; k++) {
      const predicted = this.#boxAt(values, placeOf(k), k, cell, h, w);
      const size = bias_match
        ? ([Math.fround(biases[2 * k]! / w), Math.fround(biases[2 * k + 1]! / h)] as const)
        : ([predicted[2], predicted[3]] as const);
      const fit = iouOf([0, 0, ...size], [0, 0, tw, th]);
      if (fit > bestFit) [bestFit, n] = [fit, k];
    }
    const at = placeOf(n);
    const overlap = iouOf(this.#boxAt(values, at, n, cell, h, w), truth.box);
    const isPlain = this.#isIntel || rescore !== 0;
    const scale = isPlain ? coord_scale : coord_scale * (2 - tw * th);
    const within = (difference: number): number =>
      this.#isIntel ? Math.max(-1, Math.min(1, difference)) : difference;
    const [px, py] = [logistic(values[at]!), logistic(values[at + step]!)];
    delta[at] = -scale * within(tx * w - i - px) * px * (1 - px);
    delta[at + step] = -scale * within(ty * h - j - py) * py * (1 - py);
    delta[at + 2 * step] =
      -scale * within(Math.log((tw * w) / biases[2 * n]!) - values[at + 2 * step]!);
    delta[at + 3 * step] =
      -scale * within(Math.log((th * h) / biases[2 * n + 1]!) - values[at + 3 * step]!);
    const object = logistic(values[at + 4 * step]!);
    const lack = this.#isIntel ? 2 * (1 - object) ** 3 : (rescore ? overlap : 1) - object;
    delta[at + 4 * step] = -object_scale * lack * object * (1 - object);
    softmaxAt(values, at + 5 * step, step, num_class, this.#classes);
    for (let k = 0; k < num_class; k++) {
      const wanted = k === truth.label ? 1 : 0;
      delta[at + (5 + k) * step] = -class_scale * (wanted - this.#classes[k]!);
    }
  }

  override backward([loss]: One, propagateDown: readonly boolean[], [x]: Two): void {
    this.refuseLabelGradient(propagateDown);
    if (!propagateDown[0]) return;
    const [delta, dx] = [this.#delta.dataMem.cpu(), x.diffMem.overwriteCpu()];
    const scale = loss.diffMem.cpu()[0]! / Math.max(1, x.shape[0] ?? 0);
    for (let i = 0; i < x.count(); i++) dx[i] = scale * delta[i]!;
  }
}
