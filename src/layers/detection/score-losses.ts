import type { Blob } from "../../blob/blob.ts";
import { type LossTerms, logisticLoss, softmaxLoss } from "./loss-terms.ts";

/** What a detector's scores add to its loss: of a softmax over the classes of each prior, or of each score's sigmoid. */
export class ScoreLosses {
  readonly #classes: number;
  readonly #isSoftmax: boolean;
  /** What each class's score is to be. */
  readonly #targets: Float64Array;

  constructor(classes: number, isSoftmax: boolean) {
    this.#classes = classes;
    this.#isSoftmax = isSoftmax;
    this.#targets = new Float64Array(classes);
  }

  /**
   * The loss of one prior's scores.
   *
   * @param position the prior's place among those of all images
   * @param others what the scores of other classes are to be, where each has a sigmoid
   * @param terms what it and its gradient are added to
   */
  ofLabel(conf: Blob, position: number, label: number, others: number, terms?: LossTerms): number {
    return this.#isSoftmax
      ? softmaxLoss(conf.dataMem.cpu(), position * this.#classes, this.#classes, label, terms)
      : this.ofTargets(conf, position, this.#targets.fill(others).fill(1, label, label + 1), terms);
  }

  /** The same, of a target for each class's sigmoid. */
  ofTargets(conf: Blob, position: number, targets: ArrayLike<number>, terms?: LossTerms): number {
    const first = position * this.#classes;
    return logisticLoss(conf.dataMem.cpu(), first, this.#classes, targets, terms);
  }
}
