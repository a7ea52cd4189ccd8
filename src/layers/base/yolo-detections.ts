import { byScore } from "../../engines/by-score.ts";
import type { Suppress } from "../../engines/engine.ts";
import { type CenterBox, edgesOf } from "./yolo-boxes.ts";

/** The boxes that a YOLO net finds, with their classes and scores, in lists that grow: there may be tens of thousands. */
export class Detections {
  #boxes: Float32Array = new Float32Array(4 * FIRST);
  #labels: Int32Array = new Int32Array(FIRST);
  #scores: Float32Array = new Float32Array(FIRST);
  #count = 0;

  /** Takes one. */
  add(box: CenterBox, label: number, score: number): void {
    const i = this.#count++;
    if (i === this.#labels.length) this.#grow();
    for (let k = 0; k < 4; k++) this.#boxes[4 * i + k] = box[k]!;
    [this.#labels[i], this.#scores[i]] = [label, score];
  }

  #grow(): void {
    const [boxes, labels, scores] = [this.#boxes, this.#labels, this.#scores];
    this.#boxes = new Float32Array(2 * boxes.length);
    this.#labels = new Int32Array(2 * labels.length);
    this.#scores = new Float32Array(2 * scores.length);
    this.#boxes.set(boxes);
    this.#labels.set(labels);
    this.#scores.set(scores);
  }

  box(i: number): CenterBox {
    const [x = 0, y = 0, width = 0, height = 0] = this.#boxes.subarray(4 * i, 4 * i + 4);
    return [x, y, width, height];
  }

  label(i: number): number {
    return this.#labels[i]!;
  }

  score(i: number): number {
    return this.#scores[i]!;
  }

  /**
   * The numbers of those that a better one does not overlap by `threshold` or more, the best first; classes make no
   * difference.
   */
  best(threshold: number, suppress: Suppress): number[] {
    const all = new Int32Array(this.#count);
    for (let i = 0; i < all.length; i++) all[i] = i;
    const sorted = byScore(all, this.#scores);
    const boxes = new Float32Array(4 * sorted.length);
    for (let i = 0; i < sorted.length; i++) {
      for (let k = 0; k < 4; k++) boxes[4 * i + k] = this.#boxes[4 * sorted[i]! + k]!;
    }
    return Array.from(suppress(boxes, { boxes: "centers", threshold }), (i) => sorted[i]!);
  }

  /** Rows [0, label + 1, score, xmin, ymin, xmax, ymax] of some; of none a row [image, −1 …] for each image. */
  rows(numbers: readonly number[], images: number): Float32Array {
    if (numbers.length === 0) {
      const none = new Float32Array(7 * images).fill(-1);
      for (let image = 0; image < images; image++) none[7 * image] = image;
      return none;
    }
    const rows = new Float32Array(7 * numbers.length);
    for (let k = 0, at = 0; k < numbers.length; k++, at += 7) {
      const i = numbers[k]!;
      const { left, top, right, bottom } = edgesOf(this.box(i));
      rows[at + 1] = this.#labels[i]! + 1;
      rows[at + 2] = this.#scores[i]!;
      rows[at + 3] = left;
      rows[at + 4] = top;
      rows[at + 5] = right;
      rows[at + 6] = bottom;
    }
    return rows;
  }
}

/** How many there is room for at first. */
const FIRST = 256;
