import type { SolverParameter } from "../io/proto/caffe.ts";
import { SolverError } from "../util/errors.ts";
import { nearestText } from "../util/nearest.ts";

/** What a policy reads: the iteration, and the solver's own step counter (multistep). */
export interface LearningRateState {
  readonly iter: number;
  readonly currentStep: number;
}

/** The learning rate at some iteration, from the solver's parameters. */
export type LearningRatePolicy = (param: SolverParameter, state: LearningRateState) => number;

/**
 * Caffe's learning-rate policies by name, b = base_lr, γ = gamma, i = iteration:
 *
 * - fixed      b
 * - step       b · γ^⌊i / stepsize⌋
 * - exp        b · γ^i
 * - inv        b · (1 + γ·i)^-power
 * - multistep  b · γ^k, k = how many `stepvalue`s have been reached
 * - poly       b · (1 − i / max_iter)^power
 * - sigmoid    b / (1 + e^{−γ·(i − stepsize)})
 */
export const learningRatePolicies: Readonly<Record<string, LearningRatePolicy>> = {
  fixed: ({ base_lr = 0 }) => base_lr,
  step: ({ base_lr = 0, gamma = 0, stepsize = 0 }, { iter }) =>
    base_lr * gamma ** Math.floor(iter / stepsize),
  exp: ({ base_lr = 0, gamma = 0 }, { iter }) => base_lr * gamma ** iter,
  inv: ({ base_lr = 0, gamma = 0, power = 0 }, { iter }) => base_lr * (1 + gamma * iter) ** -power,
  multistep: ({ base_lr = 0, gamma = 0 }, { currentStep }) => base_lr * gamma ** currentStep,
  poly: ({ base_lr = 0, power = 0, max_iter = 0 }, { iter }) =>
    base_lr * (1 - iter / max_iter) ** power,
  sigmoid: ({ base_lr = 0, gamma = 0, stepsize = 0 }, { iter }) =>
    base_lr / (1 + Math.exp(-gamma * (iter - stepsize))),
};

/** The fields each policy cannot do without. */
const wanted: Readonly<Record<string, readonly ("gamma" | "stepsize" | "power" | "max_iter")[]>> = {
  step: ["gamma", "stepsize"],
  exp: ["gamma"],
  inv: ["gamma", "power"],
  multistep: ["gamma"],
  poly: ["power", "max_iter"],
  sigmoid: ["gamma", "stepsize"],
};

/**
 * The policy that `lr_policy` names, checked to have the fields it reads.
 * @throws SolverError for an unknown policy, or a missing or useless field
 */
export function learningRatePolicy(param: SolverParameter, where: string): LearningRatePolicy {
  const name = param.lr_policy;
  if (name === undefined) {
    throw new SolverError(
      `${where}: no lr_policy. Expected one of ${Object.keys(learningRatePolicies).join(", ")}. Add e.g. lr_policy: "fixed".`,
    );
  }
  const policy = Object.hasOwn(learningRatePolicies, name) ? learningRatePolicies[name] : undefined;
  if (!policy) {
    const known = Object.keys(learningRatePolicies);
    throw new SolverError(
      `${where}: Unknown learning rate policy: ${name}.${nearestText(name, known)} Expected one of ${known.join(", ")}.`,
    );
  }
  if (param.base_lr === undefined) {
    throw new SolverError(
      `${where}: no base_lr. Expected the learning rate. Add e.g. base_lr: 0.01.`,
    );
  }
  for (const field of wanted[name] ?? []) {
    if (param[field] === undefined) {
      throw new SolverError(`${where}: lr_policy "${name}" wants ${field}, and there is none.`);
    }
  }
  if (name === "step" && (param.stepsize ?? 0) < 1) {
    throw new SolverError(
      `${where}: lr_policy "step" wants stepsize 1 or more, received ${param.stepsize}. Add e.g. stepsize: 10000.`,
    );
  }
  return policy;
}

/** How many of the `stepvalue`s have been reached at an iteration, never fewer than before. */
export function stepsReached(param: SolverParameter, iter: number, before: number): number {
  const values = param.stepvalue ?? [];
  let step = before;
  while (step < values.length && iter >= (values[step] ?? Number.POSITIVE_INFINITY)) step++;
  return step;
}
