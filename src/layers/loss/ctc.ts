import type { FloatArray } from "../../util/arrays.ts";

/** How labels may be spread over time. */
interface CTCRules {
  readonly blank: number;
  /** A label that goes on for several steps counts once. */
  readonly mergesRepeats: boolean;
}

/** Scores of one sample over time: class c at step t is `values[first + t · stride + c]`. */
export interface Scores {
  readonly values: FloatArray;
  readonly first: number;
  readonly stride: number;
  readonly classes: number;
  readonly steps: number;
}

/**
 * The sum over all ways to spread labels over time, with blanks between them, in logarithms.
 *
 *     l' = (blank, l₁, blank, l₂, …, blank);  y = softmax of the scores
 *     α(t, u) = y(t, l'ᵤ) · (α(t−1, u) + α(t−1, u−1) + α(t−1, u−2) where l'ᵤ is no blank and not l'ᵤ₋₂)
 *     p = α(T, U) + α(T, U−1);  ∂(−log p)/∂x(t, c) = y(t, c) − Σ α(t, u)·β(t, u) / p over u where l'ᵤ is c
 *
 * Its memory grows with the longest sample and is used again.
 *
 * @see Graves, Supervised Sequence Labelling, 2012, ch. 7
 */
export class CTC {
  readonly #rules: CTCRules;
  /** l', log α of all steps, log of the sum of a step's scores' exponentials, and two rows of log β. */
  #path: Int32Array = new Int32Array(0);
  #alphas: Float64Array = new Float64Array(0);
  #sums: Float64Array = new Float64Array(0);
  #beta: Float64Array = new Float64Array(0);
  #nextBeta: Float64Array = new Float64Array(0);
  #places = 0;

  constructor(rules: CTCRules) {
    this.#rules = rules;
  }

  /** −log p of the labels; +∞ where nothing leads to them in so many steps. */
  loss(scores: Scores, labels: ArrayLike<number>, count: number): number {
    this.#begin(scores, labels, count);
    const { steps } = scores;
    if (steps === 0) return count === 0 ? 0 : Number.POSITIVE_INFINITY;
    const places = this.#places;
    const alphas = this.#alphas;
    for (let t = 0; t < steps; t++) {
      const row = t * places;
      for (let u = 0; u < places; u++) {
        alphas[row + u] =
          t === 0 && u > 1
            ? Number.NEGATIVE_INFINITY
            : this.#log(scores, t, u) + (t === 0 ? 0 : this.#into(alphas, row - places, u));
      }
    }
    const last = (steps - 1) * places;
    return -sumOfLogs(
      alphas[last + places - 1]!,
      places > 1 ? alphas[last + places - 2]! : Number.NEGATIVE_INFINITY,
    );
  }

  /** Adds scale · ∂loss/∂x of the sample that `loss` was asked of with the same arguments, and nothing where it is not finite. */
  addGradient(
    scores: Scores,
    labels: ArrayLike<number>,
    count: number,
    scale: number,
    dx: FloatArray,
  ): void {
    const loss = this.loss(scores, labels, count);
    if (loss === Number.POSITIVE_INFINITY) return;
    const { steps, first, stride, classes, values } = scores;
    const places = this.#places;
    this.#beta.fill(Number.NEGATIVE_INFINITY, 0, places);
    for (let t = steps - 1; t >= 0; t--) {
      for (let u = 0; u < places; u++) {
        this.#beta[u] = t === steps - 1 ? endsAt(u, places) : this.#outOf(scores, t + 1, u);
      }
      const at = first + t * stride;
      for (let c = 0; c < classes; c++) {
        dx[at + c]! += scale * Math.exp(values[at + c]! - this.#sums[t]!);
      }
      for (let u = 0; u < places; u++) {
        const share = Math.exp(this.#alphas[t * places + u]! + this.#beta[u]! + loss);
        dx[at + this.#path[u]!]! -= scale * share;
      }
      [this.#beta, this.#nextBeta] = [this.#nextBeta, this.#beta];
    }
  }

  #begin(
    { values, first, stride, classes, steps }: Scores,
    labels: ArrayLike<number>,
    count: number,
  ): void {
    const places = 2 * count + 1;
    this.#places = places;
    if (this.#path.length < places) {
      this.#path = new Int32Array(places);
      this.#beta = new Float64Array(places);
      this.#nextBeta = new Float64Array(places);
    }
    if (this.#alphas.length < steps * places) this.#alphas = new Float64Array(steps * places);
    if (this.#sums.length < steps) this.#sums = new Float64Array(steps);
    for (let u = 0; u < places; u++) {
      this.#path[u] = u % 2 === 0 ? this.#rules.blank : labels[(u - 1) / 2]!;
    }
    for (let t = 0; t < steps; t++) {
      const at = first + t * stride;
      let most = Number.NEGATIVE_INFINITY;
      for (let c = 0; c < classes; c++) most = Math.max(most, values[at + c]!);
      let sum = 0;
      for (let c = 0; c < classes; c++) sum += Math.exp(values[at + c]! - most);
      this.#sums[t] = most + Math.log(sum);
    }
  }

  /** log y of the u-th of the path at a step. */
  #log({ values, first, stride }: Scores, t: number, u: number): number {
    return values[first + t * stride + this.#path[u]!]! - this.#sums[t]!;
  }

  /** Whether the u-th of the path may last longer than a step, and be reached from the one before the one before. */
  #mayStay(u: number): boolean {
    return this.#rules.mergesRepeats || u % 2 === 0;
  }

  #mayBeSkippedTo(u: number): boolean {
    if (u < 2 || u % 2 === 0) return false;
    return !this.#rules.mergesRepeats || this.#path[u] !== this.#path[u - 2];
  }

  #into(alphas: Float64Array, row: number, u: number): number {
    let sum = this.#mayStay(u) ? alphas[row + u]! : Number.NEGATIVE_INFINITY;
    if (u > 0) sum = sumOfLogs(sum, alphas[row + u - 1]!);
    if (this.#mayBeSkippedTo(u)) sum = sumOfLogs(sum, alphas[row + u - 2]!);
    return sum;
  }

  /** Into step t, from the u-th of the path at the step before. */
  #outOf(scores: Scores, t: number, u: number): number {
    const next = this.#nextBeta;
    let sum = this.#mayStay(u) ? next[u]! + this.#log(scores, t, u) : Number.NEGATIVE_INFINITY;
    if (u + 1 < this.#places) sum = sumOfLogs(sum, next[u + 1]! + this.#log(scores, t, u + 1));
    if (u + 2 < this.#places && this.#mayBeSkippedTo(u + 2)) {
      sum = sumOfLogs(sum, next[u + 2]! + this.#log(scores, t, u + 2));
    }
    return sum;
  }
}

/** A path ends with the last label or the blank behind it. */
function endsAt(u: number, places: number): number {
  return u >= places - 2 ? 0 : Number.NEGATIVE_INFINITY;
}

/** log(eᵃ + eᵇ). */
function sumOfLogs(a: number, b: number): number {
  if (a === Number.NEGATIVE_INFINITY) return b;
  if (b === Number.NEGATIVE_INFINITY) return a;
  return a > b ? a + Math.log1p(Math.exp(b - a)) : b + Math.log1p(Math.exp(a - b));
}
