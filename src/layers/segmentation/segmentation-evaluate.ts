import { resized } from "../../io/images/interpolation.ts";
import { planar } from "../../io/images/raster.ts";
import type { FloatArray } from "../../util/arrays.ts";
import { shapeText } from "../../util/shape.ts";
import {
  type Arity,
  arity,
  type LayerRole,
  type One,
  type ParamField,
  type Two,
} from "../base/layer.ts";
import type { TestCounts } from "../base/test-counts.ts";
import { ToldLayer } from "../base/told-layer.ts";

/**
 * How well planes of scores, one for each class, cover masks: of each class the mean over the images that have pixels of it
 *
 *     IoU = |x > θ and t > θ| / |x > θ or t > θ|
 *
 * and −1 where no image of the batch has any.
 *
 * - bottom[0] x: N×K×h×w, scores from 0 to 1 (Sigmoid); bottom[1] t: N×K×H×W, masks as AnnotatedData's third top. Where h×w
 *   is another size, scores are resized to H×W as bytes, by the means of areas
 * - top[0]: 1×1×1×K. A test's lines have the means over all of its images
 * - `segmentation_evaluate_param`: num_classes (K), threshold θ 0.5
 *
 * @see MobileNet-YOLO's SegmentationEvaluateLayer, which counts the first image of a batch
 */
export class SegmentationEvaluateLayer extends ToldLayer<Two, One> {
  static override readonly type: string = "SegmentationEvaluate";
  static override readonly paramFields: readonly ParamField[] = ["segmentation_evaluate_param"];
  static override readonly role: LayerRole = "result";
  static override readonly bottoms: Arity = arity.two;
  static override readonly makesTops: boolean = true;
  static override readonly hostBottoms: readonly number[] = [0, 1];

  /** Of each class: the sum of the images' IoU, and how many images have it. */
  #sums: Float64Array = new Float64Array(0);
  #images: Float64Array = new Float64Array(0);

  override reshape([x, t]: Two, [top]: One): void {
    const [n, classes = 0] = x.shape;
    if (
      x.shape.length !== 4 ||
      t.shape.length !== 4 ||
      t.shape[0] !== n ||
      t.shape[1] !== classes
    ) {
      this.fail(
        `bottoms of shapes ${shapeText(x.shape)} and ${shapeText(t.shape)}. Expected N×K×h×w and N×K×H×W.`,
      );
    }
    const told = this.param.segmentation_evaluate_param?.num_classes;
    if (told !== undefined && told !== classes) {
      this.fail(
        `segmentation_evaluate_param.num_classes is ${told}, and bottoms have ${classes} planes. Expected ${classes}.`,
      );
    }
    top.reshape([1, 1, 1, classes]);
  }

  override forward([x, t]: Two, [top]: One): void {
    const [n = 0, classes = 0, h = 0, w = 0] = x.shape;
    const [, , height = 0, width = 0] = t.shape;
    this.#sums = new Float64Array(classes);
    this.#images = new Float64Array(classes);
    const [scores, masks] = [x.values(), t.values()];
    for (let plane = 0; plane < n * classes; plane++) {
      const told = scores.subarray(plane * h * w, (plane + 1) * h * w);
      const mask = masks.subarray(plane * height * width, (plane + 1) * height * width);
      const overlap = this.#overlap(told, [h, w], mask, [height, width]);
      if (overlap === undefined) continue;
      const k = plane % classes;
      this.#sums[k] = (this.#sums[k] ?? 0) + overlap;
      this.#images[k] = (this.#images[k] ?? 0) + 1;
    }
    const values = top.dataMem.overwriteCpu();
    for (let k = 0; k < classes; k++) {
      const images = this.#images[k] ?? 0;
      values[k] = images > 0 ? (this.#sums[k] ?? 0) / images : -1;
    }
  }

  /** Undefined where the mask has no pixel of the class. */
  #overlap(
    scores: FloatArray,
    [h, w]: readonly [number, number],
    mask: FloatArray,
    [height, width]: readonly [number, number],
  ): number | undefined {
    const { threshold = 0.5 } = this.param.segmentation_evaluate_param ?? {};
    const isSame = h === height && w === width;
    const told = isSame ? scores : asBytes(scores, [h, w], [height, width]);
    const least = isSame ? threshold : Math.trunc(Math.fround(threshold * 255));
    let [both, either, all] = [0, 0, 0];
    for (let i = 0; i < mask.length; i++) {
      const [isOf, isTold] = [(mask[i] ?? 0) > threshold, (told[i] ?? 0) > least];
      if (isOf) all++;
      if (isOf && isTold) both++;
      if (isOf || isTold) either++;
    }
    return all > 0 ? both / either : undefined;
  }

  override testCounts(): TestCounts {
    return { kind: "masks", overlaps: this.#sums, images: this.#images };
  }
}

/** Scores as bytes, at another size. */
function asBytes(
  scores: FloatArray,
  from: readonly [number, number],
  to: readonly [number, number],
): ArrayLike<number> {
  const bytes = Uint8Array.from(scores, (score) =>
    Math.min(Math.max(Math.trunc(score * 255), 0), 255),
  );
  return resized(planar(bytes, 1, ...from), ...to, "AREA").data;
}
