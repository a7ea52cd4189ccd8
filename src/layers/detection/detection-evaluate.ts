import type { Blob } from "../../blob/blob.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { shapeText } from "../../util/shape.ts";
import {
  arity,
  Layer,
  type LayerRole,
  type One,
  type ParamField,
  type Two,
} from "../base/layer.ts";
import { areaOf, type Box, boxAt, overlapOf } from "./boxes.ts";
import { checkTruthShape, type Truth, truthsOf } from "./ground-truth.ts";
import { boxInImage, readImageSizes, type SizedImage } from "./image-size.ts";
import { byScore } from "./nms.ts";

/** A box with its area. */
interface Sized {
  readonly box: Box;
  readonly area: number;
}

/** The detections of one class in one image, as they stood. */
interface Detections {
  readonly boxes: Box[];
  readonly scores: number[];
}

/**
 * Says of every detection whether it is right, which the mean average precision is worked out from.
 *
 * A detection is right where the object of its class that it overlaps most does so by overlap_threshold at least, and no
 * better detection has it. One whose best object is difficult counts neither way, unless evaluate_difficult_gt.
 *
 * - bottom[0]: detections, 1×1×K×7, `[image label score xmin ymin xmax ymax]`; bottom[1]: objects, 1×1×G×8,
 *   `[image label instance xmin ymin xmax ymax difficult]`
 * - top[0]: 1×1×(C − 1 + K)×5: for each class but the background `[−1 label objects −1 −1]`, then for each detection
 *   `[image label score right wrong]`, by image, label and, where there are objects, falling score
 * - `detection_evaluate_param`: num_classes (required), background_label_id 0, overlap_threshold 0.5,
 *   evaluate_difficult_gt true; name_size_file, a line "name height width" for each image, and resize_param: boxes are
 *   compared in pixels of these
 *
 * @see DetectionEvaluate of SSD (weiliu89/caffe)
 */
export class DetectionEvaluateLayer extends Layer<Two, One> {
  static override readonly type: string = "DetectionEvaluate";
  static override readonly role: LayerRole = "result";
  static override readonly paramFields: readonly ParamField[] = ["detection_evaluate_param"];
  static override readonly bottoms = arity.two;

  #classes = 0;
  #background = 0;
  #images: readonly SizedImage[] | undefined;
  /** Which of the list's images comes next. */
  #next = 0;

  override setUp(): void {
    const param = withDefaults("DetectionEvaluateParameter", this.param.detection_evaluate_param);
    const classes = this.param.detection_evaluate_param?.num_classes;
    if (classes === undefined) {
      this.fail("detection_evaluate_param needs num_classes. Expected how many there are.");
    }
    if (!(param.overlap_threshold > 0)) {
      this.fail(
        `detection_evaluate_param.overlap_threshold is ${param.overlap_threshold}. Expected more than 0.`,
      );
    }
    this.#classes = classes;
    this.#background = param.background_label_id;
    const file = param.name_size_file;
    if (file) this.#images = this.named(() => readImageSizes(this.locate(file)));
  }

  override reshape([detections, labels]: Two, [y]: One): void {
    const { shape } = detections;
    if (shape.length !== 4 || shape[3] !== 7 || detections.count(0, 2) !== 1) {
      this.fail(`detections have shape ${shapeText(shape)}. Expected (1,1,K,7).`);
    }
    checkTruthShape(labels, (message) => this.fail(message));
    // Rows of −1 are no detections: how many there are is known after forward.
    y.reshape([1, 1, Math.max(1, this.#counted.length + (shape[2] ?? 0)), 5]);
  }

  /** The classes that count. */
  get #counted(): readonly number[] {
    const labels = Array.from({ length: this.#classes }, (_, label) => label);
    return labels.filter((label) => label !== this.#background);
  }

  override forward([detections, labels]: Two, [y]: One): void {
    const param = withDefaults("DetectionEvaluateParameter", this.param.detection_evaluate_param);
    const truths = truthsOf(labels, this.#background, true, (message) => this.fail(message), true);
    const counts = new Map<number, number>();
    for (const { label, isDifficult } of [...truths.values()].flat()) {
      const counted = param.evaluate_difficult_gt || !isDifficult ? 1 : 0;
      counts.set(label, (counts.get(label) ?? 0) + counted);
    }
    const rows = this.#counted.flatMap((label) => [-1, label, counts.get(label) ?? 0, -1, -1]);
    for (const [image, found] of this.#read(detections)) {
      for (const [label, own] of found) {
        const objects = truths.get(image)?.filter((truth) => truth.label === label) ?? [];
        this.#judge(own, objects, (score, isRight, isWrong) =>
          rows.push(image, label, score, isRight ? 1 : 0, isWrong ? 1 : 0),
        );
      }
      if (this.#images) this.#next = (this.#next + 1) % this.#images.length;
    }
    y.reshape([1, 1, rows.length / 5, 5]);
    y.dataMem.overwriteCpu().set(rows);
  }

  /** Detections by image and label, both in order. */
  #read(blob: Blob): [number, [number, Detections][]][] {
    const values = blob.dataMem.cpu();
    const images = new Map<number, Map<number, Detections>>();
    for (let at = 0; at < blob.count(); at += 7) {
      const [image, label] = [Math.trunc(values[at]!), Math.trunc(values[at + 1]!)];
      if (image === -1) continue;
      if (label === this.#background) {
        this.fail(`detection ${at / 7} has label ${label}, the background. Expected an object's.`);
      }
      const labels = images.get(image) ?? new Map<number, Detections>();
      images.set(image, labels);
      if (label === -1) continue;
      const found = labels.get(label) ?? { boxes: [], scores: [] };
      labels.set(label, found);
      found.boxes.push(boxAt(values, at + 3));
      found.scores.push(Math.fround(values[at + 2]!));
    }
    const inOrder = <T>(map: Map<number, T>): [number, T][] => [...map].sort(([a], [b]) => a - b);
    return inOrder(images).map(([image, labels]) => [image, inOrder(labels)]);
  }

  /** Says of each detection whether it is right or wrong, or neither. */
  #judge(
    { boxes, scores }: Detections,
    objects: readonly Truth[],
    say: (score: number, isRight: boolean, isWrong: boolean) => void,
  ): void {
    if (objects.length === 0) {
      for (const score of scores) say(score, false, true);
      return;
    }
    const param = withDefaults("DetectionEvaluateParameter", this.param.detection_evaluate_param);
    const threshold = Math.fround(param.overlap_threshold);
    const places = objects.map(({ box }) => this.#placed(box));
    const seen = new Set<number>();
    for (const i of byScore([...scores.keys()], scores)) {
      const own = this.#placed(boxes[i]!);
      let [most, best] = [-1, -1];
      places.forEach(({ box, area }, j) => {
        const overlap = overlapOf(own.box, box, own.area, area, this.#images !== undefined);
        if (overlap > most) [most, best] = [overlap, j];
      });
      if (!(most >= threshold)) say(scores[i]!, false, true);
      else if (!param.evaluate_difficult_gt && objects[best]!.isDifficult)
        say(scores[i]!, false, false);
      else {
        say(scores[i]!, !seen.has(best), seen.has(best));
        seen.add(best);
      }
    }
  }

  /** A box as it is compared: in pixels of the image where sizes are known. */
  #placed(box: Box): Sized {
    const image = this.#images?.[this.#next];
    if (!image) return { box, area: areaOf(box) };
    return boxInImage(box, image, this.param.detection_evaluate_param?.resize_param);
  }

  override backward(_top: One, propagateDown: readonly boolean[]): void {
    if (propagateDown.some(Boolean)) {
      this.fail("DetectionEvaluate has no gradient. Expected it under no loss.");
    }
  }

  override allowForceBackward(): boolean {
    return false;
  }
}
