import type { SolverParameter } from "../../io/proto/caffe.ts";
import { type Log, numberText } from "../../util/log.ts";
import { inSinglePrecision } from "../setup/solver-parameters.ts";
import { type LearningRatePolicy, learningRatePolicy } from "./lr-policy.ts";
import { checkSchedules, scheduleText, warmUpRate } from "./schedules.ts";

/**
 * The learning rate of a run: its policy, the policy's step counter, warm-up before it and a floor below it.
 *
 * In the first `warmup_iter` iterations the rate rises in a line from `warmup_start_lr` (default 0) to base_lr, or in the
 * first `rampup_interval` ones with the square from `rampup_lr`. It never falls below `min_lr` (default 0).
 */
export class LearningRate {
  /** How many steps the policy has taken; Caffe's current_step. */
  currentStep = 0;
  /** The iteration of the last step. */
  lastStep = 0;
  /** What every rate is multiplied by, as somebody has asked for while the run goes on; its solver does not know of it. */
  factor = 1;
  readonly #param: SolverParameter;
  readonly #where: string;
  readonly #policy: LearningRatePolicy;
  readonly #log: Log;

  /** @throws SolverError where the policy is unknown or lacks a field */
  constructor(param: SolverParameter, where: string, log: Log) {
    this.#policy = learningRatePolicy(param, where);
    checkSchedules(param, where);
    this.#param = inSinglePrecision(param);
    this.#where = where;
    this.#log = log;
  }

  /** The learning rate for another parameter, from the step to which this one has come. */
  goingOn(param: SolverParameter): LearningRate {
    const rate = new LearningRate(param, this.#where, this.#log);
    rate.currentStep = this.currentStep;
    rate.lastStep = this.lastStep;
    rate.factor = this.factor;
    return rate;
  }

  /**
   * The rate of the update of an iteration, were it next; nothing changes by asking.
   * @param improvedAt the iteration in which what a plateau watches has last improved
   */
  at(iter: number, improvedAt = 0): number {
    return this.factor * this.#scheduled(iter, improvedAt);
  }

  /** What policy, warm-up and floor say. */
  #scheduled(iter: number, improvedAt: number): number {
    const warm = warmUpRate(this.#param, iter);
    if (warm !== undefined) return warm;
    const step = this.#stepAt(iter, improvedAt);
    return Math.max(this.#param.min_lr ?? 0, this.#policy.rate(this.#param, iter, step));
  }

  /** The rate of the update of an iteration, which is done now: the step counter moves on. */
  take(iter: number, improvedAt = 0, isDisplayed = false): number {
    const rate = this.at(iter, improvedAt);
    this.#moveOn(iter, improvedAt);
    if (isDisplayed) {
      const others = scheduleText(this.#param, iter, rate, (this.#param.type ?? "SGD") === "SGD");
      this.#log("info", "sgd_solver", `Iteration ${iter}, lr = ${numberText(rate)}${others}`);
    }
    return rate;
  }

  #moveOn(iter: number, improvedAt: number): void {
    const step = this.#stepAt(iter, improvedAt);
    if (step === this.currentStep) return;
    this.currentStep = step;
    this.lastStep = iter;
    const status = { multistep: "MultiStep", plateau: "Plateau" }[this.#param.lr_policy ?? ""];
    if (status) {
      this.#log("info", "sgd_solver", `${status} Status: Iteration ${iter}, step = ${step}`);
    }
  }

  /** While the rate warms up the counter stands still. */
  #stepAt(iter: number, improvedAt: number): number {
    const { step } = this.#policy;
    if (!step || warmUpRate(this.#param, iter) !== undefined) return this.currentStep;
    return step(this.#param, iter, this.currentStep, Math.max(this.lastStep, improvedAt));
  }
}
