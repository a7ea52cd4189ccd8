import { Blob } from "../../blob/blob.ts";
import type { Yolov3Parameter } from "../../io/proto/caffe.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import type { FloatArray } from "../../util/arrays.ts";
import { shapeText } from "../../util/shape.ts";
import type { One, ParamField, Two } from "./layer.ts";
import { LossLayer } from "./loss.ts";
import { planesOf } from "./planes.ts";
import { type CenterBox, logistic, type Nearness, nearnessOf } from "./yolo-boxes.ts";
import { centerLabels, type Truth } from "./yolo-labels.ts";

/** Parameters with their defaults. */
type YoloSetting = Required<
  Pick<
    Yolov3Parameter,
    | "num"
    | "num_class"
    | "object_scale"
    | "class_scale"
    | "coord_scale"
    | "thresh"
    | "anchors_scale"
    | "biases"
    | "mask"
    | "use_logic_gradient"
    | "use_focal_loss"
    | "iou_loss"
    | "iou_normalizer"
    | "iou_thresh"
    | "max_delta"
    | "accumulate"
    | "label_smooth_eps"
  >
>;

/** Where one prediction of one image is. */
export interface Place {
  /** Index of its first number; the next is `step` further. */
  readonly at: number;
  readonly step: number;
  /** Column and row of its cell, of so many. */
  readonly column: number;
  readonly row: number;
  readonly columns: number;
  readonly rows: number;
  /** Which pair of biases is its anchor, and how large that is, as a share of the image. */
  readonly anchor: number;
  readonly anchorWidth: number;
  readonly anchorHeight: number;
}

/**
 * What YOLOv3's losses have in common: labels, anchors, objects and classes. δ is what darknet calls the gradient and
 * passes back; it is not the derivative of the loss. p is σ of a prediction's number.
 *
 *     δ of the object:  p, 0 where the predicted box is nearer than `thresh` to one;
 *                       −(1 − p) for the anchor that fits a box best, and for others of the mask nearer than `iou_thresh`
 *     δ of classes:     −class_scale·(t − p), t smoothed by label_smooth_eps, or the focal loss's
 */
export abstract class YoloLossLayer extends LossLayer<Two, One> {
  static override readonly paramFields: readonly ParamField[] = ["yolov3_param"];
  static override readonly needs = ["host"] as const;
  static override readonly hostBottoms: readonly number[] = [1];

  /** Numbers that tell each of x, y, width and height: 1, or 2 where a deviation stands behind it. */
  protected abstract readonly each: number;

  protected setting!: YoloSetting;
  /** The predictions, σ of all that are no sizes. */
  #active!: Blob;
  #delta!: Blob;

  /** The measure of how near a predicted box is. */
  protected abstract get nearness(): Nearness;
  /** Whether classes are smoothed, and the loss counts coordinates. */
  protected abstract get smoothing(): number;
  /** Writes δ of the coordinates, for a box that is to be found there, and gives how near the prediction is. */
  protected abstract find(
    active: FloatArray,
    delta: FloatArray,
    place: Place,
    truth: CenterBox,
  ): number;

  /** Numbers of a prediction before its object. */
  get #coordinates(): number {
    return 4 * this.each;
  }

  /** Whether a number of a prediction is its width or height, which are taken as they are. */
  #isSize(which: number): boolean {
    return which === 2 * this.each || which === 3 * this.each;
  }

  /** The box that is predicted there. */
  protected boxAt(active: FloatArray, place: Place): CenterBox {
    const { at, step, column, row, columns, rows, anchorWidth, anchorHeight } = place;
    const { fround, exp } = Math;
    const next = this.each * step;
    return [
      fround(fround(column + active[at]!) / columns),
      fround(fround(row + active[at + next]!) / rows),
      fround(exp(active[at + 2 * next]!) * anchorWidth),
      fround(exp(active[at + 3 * next]!) * anchorHeight),
    ];
  }

  /** What x, y, width and height are to be there, for `boxAt` to be the box. */
  protected targetsOf(place: Place, [x, y, width, height]: CenterBox): readonly number[] {
    const { column, row, columns, rows, anchorWidth, anchorHeight } = place;
    return [
      x * columns - column,
      y * rows - row,
      Math.log(width / anchorWidth),
      Math.log(height / anchorHeight),
    ];
  }

  override setUp(): void {
    const param = withDefaults("Yolov3Parameter", this.param.yolov3_param);
    this.setting = param as YoloSetting;
    const { num, biases, mask } = this.setting;
    if (mask.length < num || mask.some((anchor) => 2 * anchor + 1 >= biases.length)) {
      this.fail(
        `yolov3_param has ${mask.length} mask entries (${mask.join(", ")}) and ${biases.length} biases. Expected a mask entry for each of num ${num}, and two biases for each anchor that it names.`,
      );
    }
    this.#active = new Blob([0], this.context.dtype);
    this.#delta = new Blob([0], this.context.dtype);
  }

  override reshape([x, label]: Two, [loss]: One): void {
    const [n, c] = planesOf(x, (message) => this.fail(message));
    const { num, num_class } = this.setting;
    const each = this.#coordinates + 1 + num_class;
    if (c !== num * each) {
      this.fail(
        `bottom has ${c} channels, shape ${shapeText(x.shape)}. Expected ${num * each}: ${this.#coordinates} coordinates, an object and ${num_class} classes for each of num ${num}.`,
      );
    }
    if (label.shape.at(-1) !== 5 || label.shape[0] !== n) {
      this.fail(`labels have shape ${shapeText(label.shape)}. Expected (${n},1,G,5).`);
    }
    loss.reshape([]);
    this.#active.reshapeLike(x);
    this.#delta.reshapeLike(x);
  }

  override forward([x, label]: Two, [loss]: One): void {
    const [active, delta] = [
      this.#active.dataMem.overwriteCpu(),
      this.#delta.dataMem.overwriteCpu(),
    ];
    delta.fill(0, 0, x.count());
    this.#activate(x, active);
    const fail = (sample: number, message: string): never => this.failAt(sample, message);
    const { num_class } = this.setting;
    const seen = centerLabels(label, num_class, 1, fail);
    const truths = centerLabels(label, num_class, 3, fail);
    const images = x.shape[0] ?? 0;
    let [found, lack] = [0, 0];
    for (let image = 0; image < images; image++) {
      this.#findNothing(x, active, delta, image, seen[image] ?? []);
      for (const truth of truths[image] ?? []) {
        for (const place of this.#placesFor(x, image, truth.box)) {
          lack += 1 - this.#find(active, delta, place, truth);
          found++;
        }
      }
    }
    const counted = this.#countsCoordinates ? 0 : this.#coordinates;
    let sum = 0;
    this.#forEachNumber(x, (i, c) => {
      if (c >= counted) sum += delta[i]! * delta[i]!;
      else active[i] = x.dataMem.cpu()[i]!;
    });
    if (!this.#countsCoordinates && found > 0) sum += (this.setting.iou_normalizer * lack) / found;
    loss.dataMem.overwriteCpu()[0] = sum / Math.max(1, images);
  }

  /** With MSE the coordinates' δ² are in the loss; else how far boxes are. */
  get #countsCoordinates(): boolean {
    return this.each === 1 && this.setting.iou_loss === "MSE";
  }

  /** Calls with every number's index, and which of its prediction it is. */
  #forEachNumber(x: Blob, call: (index: number, which: number) => void): void {
    const step = x.count(2);
    const each = this.#coordinates + 1 + this.setting.num_class;
    for (let i = 0; i < x.count(); i++) call(i, Math.floor(i / step) % each);
  }

  #activate(x: Blob, active: FloatArray): void {
    const values = x.dataMem.cpu();
    this.#forEachNumber(x, (i, c) => {
      active[i] = this.#isSize(c) ? values[i]! : logistic(values[i]!);
    });
  }

  #placeOf(x: Blob, image: number, n: number, cell: number): Place {
    const [, , rows = 0, columns = 0] = x.shape;
    const { mask, biases, num_class, anchors_scale } = this.setting;
    const anchor = mask[n]!;
    const step = rows * columns;
    return {
      at: image * x.count(1) + n * (this.#coordinates + 1 + num_class) * step + cell,
      step,
      column: cell % columns,
      row: Math.floor(cell / columns),
      columns,
      rows,
      anchor,
      anchorWidth: Math.fround(biases[2 * anchor]! / (columns * anchors_scale)),
      anchorHeight: Math.fround(biases[2 * anchor + 1]! / (rows * anchors_scale)),
    };
  }

  #findNothing(
    x: Blob,
    active: FloatArray,
    delta: FloatArray,
    image: number,
    truths: readonly Truth[],
  ): void {
    const { num, thresh } = this.setting;
    const limit = Math.fround(thresh);
    for (let cell = 0; cell < x.count(2); cell++) {
      for (let n = 0; n < num; n++) {
        const place = this.#placeOf(x, image, n, cell);
        const box = this.boxAt(active, place);
        let [nearest, best]: [number, Truth | undefined] = [0, undefined];
        for (const truth of truths) {
          const near = nearnessOf(box, truth.box, this.nearness);
          if (near > nearest) [nearest, best] = [near, truth];
        }
        const at = place.at + this.#coordinates * place.step;
        delta[at] = nearest > limit ? 0 : active[at]!;
        // Rounding may put an overlap above 1.
        if (nearest > 1 && best) {
          delta[at] = active[at]! - 1;
          this.#findClass(active, delta, place, best.label);
          this.find(active, delta, place, best.box);
        }
      }
    }
  }

  /** Where a box is to be found: the anchor that fits it best, and those of the mask that are nearer than iou_thresh. */
  #placesFor(x: Blob, image: number, [tx, ty, tw, th]: CenterBox): Place[] {
    const [, , rows = 0, columns = 0] = x.shape;
    const { biases, mask, num, anchors_scale, iou_thresh } = this.setting;
    const cell = Math.trunc(ty * rows) * columns + Math.trunc(tx * columns);
    const used = mask.slice(0, num);
    let [bestFit, best] = [0, -1];
    const fits = Array.from({ length: biases.length >> 1 }, (_, anchor) => {
      const size = [
        Math.fround(biases[2 * anchor]! / (columns * anchors_scale)),
        Math.fround(biases[2 * anchor + 1]! / (rows * anchors_scale)),
      ] as const;
      return nearnessOf([0, 0, ...size], [0, 0, tw, th], this.nearness);
    });
    fits.forEach((fit, anchor) => {
      if (fit > bestFit) [bestFit, best] = [fit, anchor];
    });
    const places: Place[] = [];
    const first = used.indexOf(best);
    if (first >= 0) {
      places.push(this.#placeOf(x, image, first, cell));
      // From here on the fork takes the place in the mask for the anchor that is done.
      best = first;
    }
    fits.forEach((fit, anchor) => {
      const n = used.indexOf(anchor);
      if (n >= 0 && anchor !== best && iou_thresh < 1 && fit > Math.fround(iou_thresh)) {
        places.push(this.#placeOf(x, image, n, cell));
      }
    });
    return places;
  }

  #find(active: FloatArray, delta: FloatArray, place: Place, { label, box }: Truth): number {
    const near = this.find(active, delta, place, box);
    const at = place.at + this.#coordinates * place.step;
    const { use_logic_gradient, object_scale } = this.setting;
    delta[at] = (active[at]! - 1) * (use_logic_gradient ? object_scale : 1);
    this.#findClass(active, delta, place, label);
    return near;
  }

  #findClass(active: FloatArray, delta: FloatArray, place: Place, label: number): void {
    const { num_class, class_scale, use_focal_loss } = this.setting;
    const { step } = place;
    const first = place.at + (this.#coordinates + 1) * step;
    const own = first + label * step;
    const smooth = (target: number): number => target * (1 - this.smoothing) + 0.5 * this.smoothing;
    if (this.isClassSet(delta, first, own)) {
      delta[own] = -this.scaleOfKnownClass * (smooth(1) - active[own]!);
      return;
    }
    const p = active[own]! + 1e-15;
    const focus = use_focal_loss ? -0.5 * (1 - p) * (2 * p * Math.log(p) + p - 1) : 1;
    for (let k = 0; k < num_class; k++) {
      const at = first + k * step;
      const wanted = k === label ? 1 : 0;
      const lack = (use_focal_loss ? wanted : smooth(wanted)) - active[at]!;
      if (Number.isFinite(lack)) delta[at] = -class_scale * lack * focus;
    }
  }

  /** Whether an earlier box has said which class is there. */
  protected abstract isClassSet(delta: FloatArray, first: number, own: number): boolean;
  /** What the δ of one more class is multiplied by. */
  protected abstract get scaleOfKnownClass(): number;

  override backward([loss]: One, propagateDown: readonly boolean[], [x]: Two): void {
    this.refuseLabelGradient(propagateDown);
    if (!propagateDown[0]) return;
    const [delta, active] = [this.#delta.dataMem.cpu(), this.#active.dataMem.cpu()];
    const dx = x.diffMem.overwriteCpu();
    const scale = loss.diffMem.cpu()[0]! / Math.max(1, x.shape[0] ?? 0);
    const { use_logic_gradient } = this.setting;
    this.#forEachNumber(x, (i, c) => {
      const slope = use_logic_gradient && !this.#isSize(c) ? active[i]! * (1 - active[i]!) : 1;
      dx[i] = scale * delta[i]! * slope;
    });
  }
}

/** A δ that is no number counts as 0, and none as more than `max`. */
export function bounded(value: number, max: number): number {
  if (!Number.isFinite(value)) return 0;
  return Math.max(-max, Math.min(max, value));
}
