import type { Blob } from "../../blob/blob.ts";
import { byScore } from "../../engines/by-score.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { areaOf, type Box, overlapOf } from "../../util/box.ts";
import { shapeText } from "../../util/shape.ts";
import {
  type Arity,
  type Blobs,
  Layer,
  type LayerRole,
  type One,
  type ParamField,
} from "../base/layer.ts";
import type { TestCounts } from "../base/test-counts.ts";
import { boxOverlap } from "../cascade/patches.ts";
import { truthsInPixels } from "../cascade/pixel-truths.ts";
import { boxAt, scaleBox } from "./boxes.ts";
import { checkTruthShape, type Truth, truthsOf } from "./ground-truth.ts";
import { boxInImage, readImageSizes, type SizedImage } from "./image-size.ts";

/** A box with its area. */
interface Sized {
  readonly box: Box;
  readonly area: number;
}

/** How boxes are compared. */
interface Comparison {
  readonly placed: (box: Box) => Sized;
  readonly overlap: (detection: Sized, object: Sized) => number;
}

/** Where a detection's row has its label, score and box, behind the image. */
const ROWS = { label: 1, score: 2, box: 3 };
const ROWS_IN_PIXELS = { label: 5, score: 6, box: 1 };

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
 * With three bottoms it is Cascade R-CNN's, whose boxes are pixels of the net's input: bottom[0]: detections K×7
 * `[image xmin ymin xmax ymax label score]`, label −1: none; bottom[1]: objects G×8 `[image xmin ymin xmax ymax label ignored
 * difficult]`, image −1: none; bottom[2]: N×2, the height and width of each input. The top is (C − 1 + K)×5×1×1.
 *
 * @see DetectionEvaluate of SSD (weiliu89/caffe) and of Cascade R-CNN (zhaoweicai/cascade-rcnn)
 */
export class DetectionEvaluateLayer extends Layer<Blobs, One> {
  static override readonly type: string = "DetectionEvaluate";
  static override readonly role: LayerRole = "result";
  static override readonly paramFields: readonly ParamField[] = ["detection_evaluate_param"];
  static override readonly bottoms: Arity = { min: 2, max: 3 };

  #classes = 0;
  #background = 0;
  #images: readonly SizedImage[] | undefined;
  /** What the last forward gave. */
  #counts: TestCounts = {
    ...{ kind: "detections", rows: [], found: [], objects: new Map() },
    sizeOf: () => [1, 1],
  };
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

  override reshape(bottom: Blobs, [y]: One): void {
    const [detections, labels, sizes] = bottom as [Blob, Blob, Blob?];
    const { shape } = detections;
    if (sizes) {
      this.#expectRows("detections", detections, 7);
      this.#expectRows("objects", labels, 8);
      this.#expectRows("sizes", sizes, 2);
    } else {
      if (shape.length !== 4 || shape[3] !== 7 || detections.count(0, 2) !== 1) {
        this.fail(`detections have shape ${shapeText(shape)}. Expected (1,1,K,7).`);
      }
      checkTruthShape(labels, (message) => this.fail(message));
    }
    // Rows of −1 are no detections: how many there are is known after forward. Counted, not listed: a blob refuses more
    // classes than it can hold.
    const counted = this.#classes - (this.#background < this.#classes ? 1 : 0);
    this.#shape(y, Math.max(1, counted + detections.count() / 7), bottom);
  }

  #expectRows(what: string, blob: Blob, each: number): void {
    if (blob.shape.length >= 2 && blob.count(1) === each) return;
    this.fail(`${what} have shape ${shapeText(blob.shape)}. Expected a row of ${each} for each.`);
  }

  #shape(y: Blob, rows: number, bottom: Blobs): void {
    y.reshape(bottom.length === 3 ? [rows, 5, 1, 1] : [1, 1, rows, 5]);
  }

  /** The classes that count. */
  get #counted(): readonly number[] {
    const labels = Array.from({ length: this.#classes }, (_, label) => label);
    return labels.filter((label) => label !== this.#background);
  }

  override forward(bottom: Blobs, [y]: One): void {
    const [detections, labels, sizes] = bottom as [Blob, Blob, Blob?];
    const param = withDefaults("DetectionEvaluateParameter", this.param.detection_evaluate_param);
    const fail = (message: string): never => this.fail(message);
    const truths = sizes
      ? truthsInPixels(labels, fail)
      : truthsOf(labels, this.#background, true, fail, true);
    const counts = new Map<number, number>();
    for (const { label, isDifficult } of [...truths.values()].flat()) {
      const counted = param.evaluate_difficult_gt || !isDifficult ? 1 : 0;
      counts.set(label, (counts.get(label) ?? 0) + counted);
    }
    const rows = this.#counted.flatMap((label) => [-1, label, counts.get(label) ?? 0, -1, -1]);
    const places: { readonly box: Box; readonly object: Truth | undefined }[] = [];
    for (const [image, found] of this.#read(detections, sizes ? ROWS_IN_PIXELS : ROWS)) {
      for (const [label, own] of found) {
        const objects = truths.get(image)?.filter((truth) => truth.label === label) ?? [];
        const compare = sizes ? this.#inPixels(sizes, image) : this.#inShares();
        this.#judge(own, objects, compare, (i, isRight, isWrong, object) => {
          rows.push(image, label, own.scores[i]!, isRight ? 1 : 0, isWrong ? 1 : 0);
          places.push({ box: own.boxes[i]!, object: isRight ? object : undefined });
        });
      }
      if (this.#images) this.#next = (this.#next + 1) % this.#images.length;
    }
    this.#shape(y, rows.length / 5, bottom);
    y.dataMem.overwriteCpu().set(rows);
    const inputs = sizes?.dataMem.cpu();
    this.#counts = {
      ...{ kind: "detections", rows, found: places, objects: truths },
      sizeOf: (image) => [inputs?.[2 * image + 1] ?? 1, inputs?.[2 * image] ?? 1],
    };
  }

  override testCounts(): TestCounts {
    return this.#counts;
  }

  /** Detections by image and label, both in order. */
  #read(blob: Blob, places: typeof ROWS): [number, [number, Detections][]][] {
    const values = blob.dataMem.cpu();
    const images = new Map<number, Map<number, Detections>>();
    for (let at = 0; at < blob.count(); at += 7) {
      const [image, label] = [Math.trunc(values[at]!), Math.trunc(values[at + places.label]!)];
      if (image === -1) continue;
      if (label === this.#background) {
        this.fail(`detection ${at / 7} has label ${label}, the background. Expected an object's.`);
      }
      const labels = images.get(image) ?? new Map<number, Detections>();
      images.set(image, labels);
      if (label === -1) continue;
      const found = labels.get(label) ?? { boxes: [], scores: [] };
      labels.set(label, found);
      found.boxes.push(boxAt(values, at + places.box));
      found.scores.push(Math.fround(values[at + places.score]!));
    }
    const inOrder = <T>(map: Map<number, T>): [number, T][] => [...map].sort(([a], [b]) => a - b);
    return inOrder(images).map(([image, labels]) => [image, inOrder(labels)]);
  }

  /** Says of each detection whether it is right or wrong, or neither. */
  #judge(
    { boxes, scores }: Detections,
    objects: readonly Truth[],
    { placed, overlap: overlapOfTwo }: Comparison,
    say: (detection: number, isRight: boolean, isWrong: boolean, object?: Truth) => void,
  ): void {
    if (objects.length === 0) {
      for (const i of scores.keys()) say(i, false, true);
      return;
    }
    const param = withDefaults("DetectionEvaluateParameter", this.param.detection_evaluate_param);
    const threshold = Math.fround(param.overlap_threshold);
    const places = objects.map(({ box }) => placed(box));
    const seen = new Set<number>();
    for (const i of byScore([...scores.keys()], scores)) {
      const own = placed(boxes[i]!);
      let [most, best] = [-1, -1];
      places.forEach((place, j) => {
        const overlap = overlapOfTwo(own, place);
        if (overlap > most) [most, best] = [overlap, j];
      });
      if (!(most >= threshold)) say(i, false, true);
      else if (!param.evaluate_difficult_gt && objects[best]!.isDifficult) say(i, false, false);
      else {
        say(i, !seen.has(best), seen.has(best), objects[best]);
        seen.add(best);
      }
    }
  }

  /** SSD's boxes are compared as shares, or in pixels of the image where sizes are known. */
  #inShares(): Comparison {
    const image = this.#images?.[this.#next];
    const { resize_param } = this.param.detection_evaluate_param ?? {};
    return {
      placed: (box) => (image ? boxInImage(box, image, resize_param) : { box, area: areaOf(box) }),
      overlap: (a, b) => overlapOf(a.box, b.box, a.area, b.area, image !== undefined),
    };
  }

  /** Cascade R-CNN's lie in pixels of the input, and are compared in those of the image. */
  #inPixels(sizes: Blob, image: number): Comparison {
    if (!(image >= 0 && image < (sizes.shape[0] ?? 0))) {
      this.fail(`a detection lies in image ${image}. Expected 0 to ${(sizes.shape[0] ?? 0) - 1}.`);
    }
    const whole = this.#images?.[this.#next];
    const [height = 1, width = 1] = sizes.dataMem.cpu().subarray(2 * image, 2 * image + 2);
    const ratio = (own: number | undefined, of: number): number =>
      own === undefined ? 1 : Math.fround(own / of);
    const [across, down] = [ratio(whole?.width, width), ratio(whole?.height, height)];
    return {
      placed: (box) => ({ box: scaleBox(box, across, down), area: 0 }),
      overlap: (a, b) => boxOverlap(a.box, b.box, "IOU"),
    };
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
