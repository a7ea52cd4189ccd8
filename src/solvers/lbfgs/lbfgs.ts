import { Blob } from "../../blob/blob.ts";
import type { SolverParameter } from "../../io/proto/caffe.ts";
import type { LearnableParam } from "../../net/build/parameters.ts";
import type { Net } from "../../net/net.ts";
import { allocate, type FloatArray } from "../../util/arrays.ts";
import { lineSearch, type Trial } from "./line-search.ts";

/** The objective where the weights are: what a resumed run would have to measure again. */
interface LbfgsState {
  readonly loss: number;
  readonly objective: number;
}

/** What is known before a step. */
interface Begun {
  /** The mean loss of the passes, without decay. */
  readonly loss: number;
  readonly largestGradient: number;
  readonly isConverged: boolean;
}

/** How a step went. */
interface Stepped {
  /** 0 where no step lowers the objective. */
  readonly length: number;
  readonly measurements: number;
}

/**
 * What is wrong with a solver's fields for L-BFGS; undefined where nothing is.
 * @see ruleOf, which asks
 */
export function refusedByLbfgs(param: SolverParameter): string | undefined {
  const { momentum = 0, clip_gradients = -1, weight_decay = 0, history_size = 10 } = param;
  if (momentum !== 0)
    return `Momentum cannot be used with LBFGS. momentum is ${momentum}. Expected 0.`;
  if (clip_gradients >= 0)
    return "clip_gradients cannot be used with LBFGS: steps are as long as a line search makes them.";
  if (param.regularization_type === "L1" && weight_decay !== 0)
    return "regularization_type L1 cannot be used with LBFGS: it has no gradient where a weight is 0. Expected L2.";
  if (!Number.isFinite(weight_decay))
    return `weight_decay is ${weight_decay}. Expected a finite number.`;
  if (param.weight_decay_policy === "poly")
    return "weight_decay_policy poly cannot be used with LBFGS: the objective would change from step to step.";
  if (history_size < 1) return `history_size is ${history_size}. Expected 1 or more.`;
  const given = (["larc", "local_lr_auto", "momentum_policy", "debug_info"] as const).filter(
    (field) => param[field] && param[field] !== "fixed",
  );
  return given.length > 0 ? `${given.join(", ")} cannot be used with LBFGS.` : undefined;
}

/** A step and the change of the gradient over it. */
interface Pair {
  readonly step: Blob;
  readonly change: Blob;
}

/**
 * L-BFGS: steps by an estimate of the inverse Hessian, made of the last steps and the changes of the gradient over them.
 *
 *     d = −H·g, by the two-loop recursion over the last `history_size` pairs (s, y), from H₀ = sᵀy / yᵀy
 *     w ← w + t·d, t from a line search by the strong Wolfe conditions that begins at the learning rate
 *
 * It minimises the mean loss of `iter_size` passes plus weight_decay / 2 · Σ decay_mult · w². These passes must be the whole
 * data, and the same at every measurement: batches of which iter_size are an epoch, nothing drawn at random. Parameters with
 * `lr_mult: 0` stay; other values of it have no effect.
 *
 * - `history_size`: how many pairs; default 10
 * - `gradient_tolerance`: training ends where no element of the gradient is larger; default 1e-7
 * - `base_lr`: the length of the first step that is tried, 1 as a rule; the very first is at most 1 / Σ|g| of it
 *
 * @see Liu & Nocedal, Mathematical Programming 1989; Nocedal & Wright, Numerical Optimization, algorithm 7.4
 */
export class Lbfgs {
  /** Pairs, oldest first, each its step and its change, and the gradient where the weights are. Without pairs they are zero. */
  readonly #pairs: Pair[];
  readonly #gradient: Blob;
  readonly #learned: readonly LearnableParam[];
  readonly #count: number;
  readonly #warn: (message: string) => void;
  #param: SolverParameter;
  #known: LbfgsState | undefined;
  /** The weights where it is known: others may have changed them since. */
  #knownAt: FloatArray | undefined;

  constructor(param: SolverParameter, net: Net, warn: (message: string) => void) {
    this.#param = param;
    this.#warn = warn;
    this.#learned = net.learnableParams.filter(({ lrMult }) => lrMult > 0);
    this.#count = this.#learned.reduce((sum, { blob }) => sum + blob.count(), 0);
    const dtype = this.#learned[0]?.blob.dtype ?? "f32";
    const vector = (): Blob => new Blob([this.#count], dtype);
    const pair = (): Pair => ({ step: vector(), change: vector() });
    this.#pairs = Array.from({ length: param.history_size ?? 10 }, pair);
    this.#gradient = vector();
  }

  /** May be replaced between two steps. */
  set param(param: SolverParameter) {
    const isSame = (["weight_decay", "iter_size"] as const).every(
      (field) => param[field] === this.#param[field],
    );
    if (!isSame) this.#known = undefined;
    this.#param = param;
  }

  /** What a .solverstate holds: pairs, oldest first, and the gradient. */
  get history(): readonly Blob[] {
    return [...this.#pairs.flatMap(({ step, change }) => [step, change]), this.#gradient];
  }

  state(): LbfgsState | undefined {
    return this.#known;
  }

  restore(state: LbfgsState | undefined): void {
    this.#knownAt = undefined;
    this.#known = state && { loss: Number(state.loss), objective: Number(state.objective) };
  }

  /**
   * Makes sure that objective and gradient are known where the weights are.
   * @param measure runs the passes: their mean loss, and gradients that add up in the parameters
   */
  async begin(measure: () => Promise<number>): Promise<Begun> {
    await Promise.all(this.#learned.map(({ blob }) => blob.dataMem.toHost()));
    const weights = this.#weights();
    if (this.#knownAt?.some((value, i) => !Object.is(value, weights[i]))) {
      this.#known = undefined;
      this.#forget();
    }
    if (!this.#known) {
      const first = await this.#measure(measure);
      const second = await this.#measure(measure);
      if (Math.abs(first.loss - second.loss) > 1e-4 * Math.abs(first.loss)) {
        this.#warn(
          `LBFGS: the same weights lose ${first.loss}, and then ${second.loss}: steps cannot be compared. Expected iter_size passes that are the whole data each time, without Dropout, shuffling or random crops.`,
        );
      }
      this.#keep(second);
    }
    const { loss } = this.#known as LbfgsState;
    const largestGradient = largest(this.#gradient.dataMem.cpu());
    const { gradient_tolerance = Math.fround(1e-7) } = this.#param;
    return { loss, largestGradient, isConverged: largestGradient <= gradient_tolerance };
  }

  /** Puts the gradient where guests look for it. */
  showGradient(): void {
    this.#eachPart(this.#gradient.dataMem.cpu(), ({ blob }, own) => {
      blob.diffMem.overwriteCpu().set(own);
    });
  }

  /**
   * One step; where none lowers the objective the pairs are forgotten, and the weights stay.
   * @param rate the length that is tried first
   */
  async step(rate: number, measure: () => Promise<number>): Promise<Stepped> {
    const from = this.#weights();
    const gradient = this.#gradient.dataMem.cpu().slice();
    const direction = this.#direction(gradient);
    const { loss, objective } = this.#known as LbfgsState;
    const slope = dot(gradient, direction);
    const start: Trial = { length: 0, objective, slope, loss, gradient };
    const isFirst = this.#used().length === 0;
    const first = isFirst ? rate * Math.min(1, 1 / sumOfSizes(gradient)) : rate;
    const roundOff = this.#gradient.dtype === "f32" ? 2 ** -21 : 2 ** -50;
    let measurements = 0;
    const found = await lineSearch(start, first, roundOff * Math.abs(objective), async (length) => {
      measurements++;
      this.#moveTo(from, direction, length);
      const point = await this.#measure(measure);
      return { ...point, length, slope: dot(point.gradient, direction) };
    });
    this.#moveTo(from, direction, found?.length ?? 0);
    if (!found) {
      this.#forget();
      return { length: 0, measurements };
    }
    this.#remember(from, gradient, found.gradient);
    this.#keep(found);
    return { length: found.length, measurements };
  }

  /** Whether there are pairs, without which a step goes straight down. */
  get isCurved(): boolean {
    return this.#used().length > 0;
  }

  #keep({ loss, objective, gradient }: Omit<Trial, "length" | "slope">): void {
    this.#known = { loss, objective };
    this.#knownAt = this.#weights();
    this.#gradient.dataMem.overwriteCpu().set(gradient);
  }

  /** −H·g. */
  #direction(gradient: FloatArray): FloatArray {
    const q = Float64Array.from(gradient);
    const pairs = this.#used().map(({ step, change }) => {
      const [s, y] = [step.dataMem.cpu(), change.dataMem.cpu()];
      return { s, y, curvature: dot(s, y) };
    });
    const shares = pairs.toReversed().map(({ s, y, curvature }) => {
      const share = dot(s, q) / curvature;
      add(q, -share, y);
      return share;
    });
    const last = pairs.at(-1);
    const scale = last ? last.curvature / dot(last.y, last.y) : 1;
    for (let i = 0; i < q.length; i++) q[i] = (q[i] ?? 0) * scale;
    for (const [k, { s, y, curvature }] of pairs.entries()) {
      add(q, (shares[pairs.length - 1 - k] ?? 0) - dot(y, q) / curvature, s);
    }
    // Rounding may have left no descent.
    if (!(dot(q, gradient) > 0)) {
      this.#forget();
      return gradient.map((value) => -value);
    }
    return q.map((value) => -value);
  }

  #used(): readonly Pair[] {
    return this.#pairs.filter(
      ({ step }) => !step.dataMem.isZero && largest(step.dataMem.cpu()) > 0,
    );
  }

  #forget(): void {
    for (const { step, change } of this.#pairs) {
      step.dataMem.zero();
      change.dataMem.zero();
    }
  }

  /** Takes in the step that has been made; one over which the gradient did not grow says nothing of curvature. */
  #remember(from: FloatArray, before: FloatArray, after: FloatArray): void {
    const step = this.#weights().map((value, i) => value - (from[i] ?? 0));
    const change = after.map((value, i) => value - (before[i] ?? 0));
    if (!(dot(step, change) > 1e-10 * dot(change, change))) return;
    const oldest = this.#pairs.shift();
    if (!oldest) return;
    oldest.step.dataMem.overwriteCpu().set(step);
    oldest.change.dataMem.overwriteCpu().set(change);
    this.#pairs.push(oldest);
  }

  async #measure(measure: () => Promise<number>): Promise<Omit<Trial, "length" | "slope">> {
    const { weight_decay = 0, iter_size = 1 } = this.#param;
    const loss = await measure();
    const mems = this.#learned.flatMap(({ blob }) => [blob.dataMem, blob.diffMem]);
    await Promise.all(mems.map((mem) => mem.toHost()));
    const gradient = this.#vector();
    let penalty = 0;
    this.#eachPart(gradient, ({ blob, decayMult }, own) => {
      const [weights, diffs] = [blob.dataMem.cpu(), blob.diffMem.cpu()];
      const decay = weight_decay * decayMult;
      for (let i = 0; i < own.length; i++) {
        const weight = weights[i] ?? 0;
        own[i] = (diffs[i] ?? 0) / iter_size + decay * weight;
        penalty += (decay / 2) * weight ** 2;
      }
    });
    return { loss, objective: loss + penalty, gradient };
  }

  #vector(): FloatArray {
    return allocate(this.#gradient.dtype, this.#count);
  }

  #weights(): FloatArray {
    const weights = this.#vector();
    this.#eachPart(weights, ({ blob }, own) => own.set(blob.dataMem.cpu()));
    return weights;
  }

  #moveTo(from: FloatArray, direction: FloatArray, length: number): void {
    let at = 0;
    for (const { blob } of this.#learned) {
      const weights = blob.dataMem.overwriteCpu();
      for (let i = 0; i < blob.count(); i++, at++) {
        weights[i] = (from[at] ?? 0) + length * (direction[at] ?? 0);
      }
    }
  }

  /** Calls `use` with each parameter and its part of a vector. */
  #eachPart(vector: FloatArray, use: (param: LearnableParam, own: FloatArray) => void): void {
    let at = 0;
    for (const param of this.#learned) {
      const count = param.blob.count();
      use(param, vector.subarray(at, at + count));
      at += count;
    }
  }
}

function dot(a: FloatArray, b: FloatArray): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

/** a ← a + factor · b. */
function add(a: FloatArray, factor: number, b: FloatArray): void {
  for (let i = 0; i < a.length; i++) a[i] = (a[i] ?? 0) + factor * (b[i] ?? 0);
}

function largest(values: FloatArray): number {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}

function sumOfSizes(values: FloatArray): number {
  let sum = 0;
  for (const value of values) sum += Math.abs(value);
  return sum;
}
