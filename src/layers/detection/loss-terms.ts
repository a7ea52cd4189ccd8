import type { Blob } from "../../blob/blob.ts";

/** Caffe takes a probability as at least this. */
const LEAST_PROBABILITY = 1.17549435e-38;

/** The sum of a loss over some elements of a blob, and the gradient towards each. */
export class LossTerms {
  loss = 0;
  readonly #places: number[] = [];
  readonly #gradients: number[] = [];

  /** The gradient towards one element. */
  add(place: number, gradient: number): void {
    this.#places.push(place);
    this.#gradients.push(gradient);
  }

  /** Writes the gradients times a factor, and 0 to all other elements. */
  write(factor: number, blob: Blob): void {
    const dx = blob.diffMem.overwriteCpu().fill(0);
    for (let i = 0; i < this.#places.length; i++) {
      dx[this.#places[i]!] = this.#gradients[i]! * factor;
    }
  }
}

/**
 * −log p(label) of the softmax over the scores that begin at `first`.
 * @param terms what it and its gradient are added to
 */
export function softmaxLoss(
  values: ArrayLike<number>,
  first: number,
  classes: number,
  label: number,
  terms?: LossTerms,
): number {
  let greatest = values[first]!;
  for (let c = 1; c < classes; c++) greatest = Math.max(greatest, values[first + c]!);
  let sum = 0;
  for (let c = 0; c < classes; c++) sum += Math.exp(values[first + c]! - greatest);
  const probability = Math.exp(values[first + label]! - greatest) / sum;
  const loss = -Math.log(Math.max(probability, LEAST_PROBABILITY));
  if (!terms) return loss;
  terms.loss += loss;
  for (let c = 0; c < classes; c++) {
    const share = Math.exp(values[first + c]! - greatest) / sum;
    terms.add(first + c, c === label ? share - 1 : share);
  }
  return loss;
}

/** As `softmaxLoss`: the cross entropy of each score's sigmoid with its target. */
export function logisticLoss(
  values: ArrayLike<number>,
  first: number,
  classes: number,
  targets: ArrayLike<number>,
  terms?: LossTerms,
): number {
  let loss = 0;
  for (let c = 0; c < classes; c++) {
    const x = values[first + c]!;
    const small = Math.exp(-Math.abs(x));
    loss -= x * (targets[c]! - (x >= 0 ? 1 : 0)) - Math.log(1 + small);
    terms?.add(first + c, (x >= 0 ? 1 : small) / (1 + small) - targets[c]!);
  }
  if (terms) terms.loss += loss;
  return loss;
}
