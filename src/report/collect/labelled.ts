import { CaffeError } from "../../util/errors.ts";
import { toProbabilities } from "../measures/judged.ts";
import type { LabelledRecords } from "../measures/multi-label.ts";
import type { DataPass } from "./data-pass.ts";
import type { Scored } from "./scored.ts";

/** So many answers are kept: 512 MB of probabilities. */
const MOST_KEPT = 2 ** 27;

/** Takes in what a net says of records that may have several labels each, batch by batch. */
export class CollectedLabels {
  readonly #scored: Scored;
  readonly #pass: DataPass;
  readonly #taken: LabelledRecords;

  /** @throws CaffeError where records and labels are too many to keep */
  constructor(scored: Scored, pass: DataPass) {
    const labels = scored.scores.count(1);
    const count = pass.records * labels;
    if (count > MOST_KEPT) {
      throw new CaffeError(
        `${pass.records} records of ${labels} labels are more than a report keeps. Expected ${MOST_KEPT} answers at most: --iterations=N takes so many batches.`,
      );
    }
    this.#scored = scored;
    this.#pass = pass;
    this.#taken = {
      ...{ records: pass.records, labels },
      ...{ truths: new Int8Array(count), probabilities: new Float32Array(count) },
    };
  }

  /**
   * Takes in the first `count` samples of the batch that was just run.
   * @throws CaffeError where a label is neither 0 nor 1 nor to be ignored, or a score no number
   */
  async add(first: number, count: number): Promise<void> {
    const { scores, labels: truths, ignored, scale } = this.#scored;
    await Promise.all([scores.toHost(), truths.toHost()]);
    const [values, wanted] = [scores.values(), truths.values()];
    const { labels } = this.#taken;
    const shares = new Float64Array(labels);
    for (let i = 0; i < count; i++) {
      const row = values.subarray(i * labels, (i + 1) * labels);
      // Scores that nothing makes probabilities of are each label's own.
      toProbabilities(row, scale === "softmax" ? "sigmoid" : scale, shares);
      const at = (first + i) * labels;
      for (const [label, share] of shares.entries()) {
        const truth = wanted[i * labels + label] ?? 0;
        if (!ignored.includes(Math.trunc(truth)) && truth !== 0 && truth !== 1) {
          throw new CaffeError(
            `${this.#nameOf(first + i)} has ${truth} for label ${label}. Expected 1 where it has the label, 0 where it has not.`,
          );
        }
        if (Number.isNaN(share)) {
          throw new CaffeError(
            `${this.#nameOf(first + i)} has a score that is no number. Expected finite ones: weights that training has lost (NaN), or a record that is damaged.`,
          );
        }
        this.#taken.truths[at + label] = ignored.includes(Math.trunc(truth)) ? -1 : truth;
        this.#taken.probabilities[at + label] = share;
      }
    }
  }

  #nameOf(record: number): string {
    const name = this.#pass.names?.name(record);
    return name === undefined ? `record ${record}` : `record ${record} (${name})`;
  }

  /**
   * What was said of all records.
   * @throws CaffeError where no label counts
   */
  get all(): LabelledRecords {
    if (this.#taken.truths.some((truth) => truth >= 0)) return this.#taken;
    throw new CaffeError(
      `none of the ${this.#pass.records} records has a label that counts. Expected one or more to report of.`,
    );
  }
}
