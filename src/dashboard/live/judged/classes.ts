import { judge, type Scale, toProbabilities } from "../../../report/measures/judged.ts";
import { shownConfusion } from "./most-mistaken.ts";

/** So many mistakes are kept. */
const MOST_MISTAKES = 24;
/** Of more classes no table is kept. */
const MOST_CLASSES = 2048;

/** A record of which a net was sure and wrong. */
interface JudgedMistake {
  /** Its number in the test. */
  readonly record: number;
  readonly label: number;
  readonly guess: number;
  /** The probabilities of the guess and of the label. */
  readonly confidence: number;
  readonly ofLabel: number;
  /** The record as the net has seen it. */
  readonly pixels: Float32Array | undefined;
}

/** What a classifier said in a test. */
export interface JudgedClasses {
  readonly kind: "classes";
  readonly records: number;
  readonly right: number;
  readonly classes: number;
  /** The classes of rows and columns of `confusion`. */
  readonly shown: readonly number[];
  /** Row by true class, column by guess. */
  readonly confusion: readonly (readonly number[])[];
  /** Surest first. */
  readonly worst: readonly JudgedMistake[];
}

/** A batch as far as its scores are judged by it. */
interface JudgedBatch {
  readonly labels: Float32Array;
  readonly classes: number;
  /** Labels that count for nothing. */
  readonly ignored: readonly number[];
  readonly pixelsOf: (record: number) => Float32Array | undefined;
}

/** Judges what a classifier says, batch by batch. */
export class ClassesTest {
  #records = 0;
  /** All records, judged or not. */
  #seen = 0;
  #right = 0;
  #classes = 0;
  #counts = new Uint32Array(0);
  #row = new Float64Array(0);
  readonly #worst: JudgedMistake[] = [];

  /** Takes in the scores of a batch, row by row. */
  add(
    scores: Float32Array,
    scale: Scale,
    { labels, classes, ignored, pixelsOf }: JudgedBatch,
  ): void {
    if (this.#classes !== classes) this.#begin(classes);
    for (const [i, given] of labels.entries()) {
      const label = Math.trunc(given);
      const record = this.#seen++;
      if (ignored.includes(label) || !(label >= 0 && label < classes)) continue;
      const row = scores.subarray(i * classes, (i + 1) * classes);
      const { guess } = judge(row, label);
      this.#records++;
      if (this.#counts.length > 0) {
        const at = label * classes + guess;
        this.#counts[at] = (this.#counts[at] ?? 0) + 1;
      }
      if (guess === label) {
        this.#right++;
        continue;
      }
      toProbabilities(row, scale, this.#row);
      const [confidence = 0, ofLabel = 0] = [this.#row[guess], this.#row[label]];
      this.#keep(confidence, () => ({
        ...{ record, label, guess, confidence, ofLabel },
        pixels: pixelsOf(i),
      }));
    }
  }

  #begin(classes: number): void {
    this.#classes = classes;
    this.#counts = new Uint32Array(classes <= MOST_CLASSES ? classes ** 2 : 0);
    this.#row = new Float64Array(classes);
  }

  /** Keeps a mistake among the surest; of equals the first. */
  #keep(confidence: number, make: () => JudgedMistake): void {
    const worst = this.#worst;
    if (worst.length === MOST_MISTAKES && !(confidence > (worst.at(-1)?.confidence ?? 0))) return;
    const at = worst.findIndex((one) => one.confidence < confidence);
    worst.splice(at < 0 ? worst.length : at, 0, make());
    if (worst.length > MOST_MISTAKES) worst.pop();
  }

  /** What was said of all records; undefined where there were none. */
  result(): JudgedClasses | undefined {
    if (this.#records === 0) return undefined;
    const classes = this.#classes;
    return {
      ...{ kind: "classes", records: this.#records, right: this.#right, classes },
      worst: this.#worst,
      ...shownConfusion(this.#counts, classes),
    };
  }
}
