import { CaffeError } from "../../util/errors.ts";
import { crossEntropy, type JudgedRecords, judge, toProbabilities } from "../measures/judged.ts";
import type { DataPass } from "./data-pass.ts";
import type { Scored } from "./scored.ts";

/** So many probabilities are kept: 512 MB of them. */
const MOST_KEPT = 2 ** 27;

/** Takes in what a classifier says of records, batch by batch. */
export class ClassifiedRecords {
  readonly #scored: Scored;
  readonly #pass: DataPass;
  /** Of each record that is judged, its number in the source. */
  readonly #numbers: number[] = [];
  readonly #classes: number;
  readonly #judged: JudgedRecords;
  readonly #row: Float64Array;

  constructor(scored: Scored, pass: DataPass) {
    this.#scored = scored;
    this.#pass = pass;
    const { records } = pass;
    // One score tells two classes apart: it is that of the second.
    const classes = Math.max(2, scored.scores.shape[1] ?? 0);
    this.#classes = classes;
    this.#row = new Float64Array(classes);
    this.#judged = {
      classes,
      labels: new Int32Array(records),
      guesses: new Int32Array(records),
      better: new Int32Array(records),
      confidences: new Float32Array(records),
      losses: new Float32Array(records),
      probabilities:
        records * classes <= MOST_KEPT ? new Float32Array(records * classes) : undefined,
    };
  }

  /**
   * Takes in the first `count` samples of the batch that was just run.
   * @throws CaffeError where a label is no class, or a score no number
   */
  async add(first: number, count: number): Promise<void> {
    const { scores, labels, ignored } = this.#scored;
    await Promise.all([scores.toHost(), labels.toHost()]);
    const [values, ofRecords] = [scores.values(), labels.values()];
    const length = scores.count(1);
    for (let i = 0; i < count; i++) {
      const label = Math.trunc(ofRecords[i] ?? 0);
      if (ignored.includes(label)) continue;
      if (!(label >= 0 && label < this.#classes)) {
        throw new CaffeError(
          `${this.#nameOf(first + i)} has label ${ofRecords[i]}. Expected 0 to ${this.#classes - 1}, a class of the ${length} scores.`,
        );
      }
      this.#take(first + i, label, values.subarray(i * length, (i + 1) * length));
    }
  }

  #take(record: number, label: number, given: ArrayLike<number>): void {
    const { scale } = this.#scored;
    const row = given.length > 1 ? given : pairOf(given[0] ?? 0, scale);
    const { labels, guesses, better, confidences, losses, probabilities } = this.#judged;
    const shares = this.#row;
    toProbabilities(row, scale, shares);
    if (shares.some(Number.isNaN)) {
      throw new CaffeError(
        `${this.#nameOf(record)} has scores that are no numbers. Expected finite ones: weights that training has lost (NaN), or a record that is damaged.`,
      );
    }
    const at = this.#numbers.push(record) - 1;
    const judged = judge(row, label);
    labels[at] = label;
    guesses[at] = judged.guess;
    better[at] = judged.better;
    confidences[at] = shares[judged.guess] ?? 0;
    losses[at] = crossEntropy(shares[label] ?? 0);
    probabilities?.set(shares, at * this.#classes);
  }

  #nameOf(record: number): string {
    const name = this.#pass.names?.name(record);
    return name === undefined ? `record ${record}` : `record ${record} (${name})`;
  }

  /** Numbers, in the source, of the records that were judged: all but those with a label to ignore. */
  get numbers(): readonly number[] {
    return this.#numbers;
  }

  /**
   * What was said of all records.
   * @throws CaffeError where there are none
   */
  get judged(): JudgedRecords {
    const count = this.#numbers.length;
    if (count === 0) {
      throw new CaffeError(
        `none of the ${this.#pass.records} records has a label that counts. Expected one or more to report of.`,
      );
    }
    const { classes, labels, guesses, better, confidences, losses, probabilities } = this.#judged;
    return {
      classes,
      labels: labels.subarray(0, count),
      guesses: guesses.subarray(0, count),
      better: better.subarray(0, count),
      confidences: confidences.subarray(0, count),
      losses: losses.subarray(0, count),
      probabilities: probabilities?.subarray(0, count * classes),
    };
  }
}

/** The scores of both classes, where the second's alone is given. */
function pairOf(score: number, scale: Scored["scale"]): readonly [number, number] {
  if (scale === "probabilities") return [1 - score, score];
  return scale === "sigmoid" ? [-score, score] : [0, score];
}
