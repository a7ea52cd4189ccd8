import type { SolverParameter } from "../../io/proto/caffe.ts";
import { SolverError } from "../../util/errors.ts";
import { nearestText } from "../../util/nearest.ts";

/** A field that some policy cannot do without. */
type Wanted =
  | "base_lr"
  | "gamma"
  | "stepsize"
  | "power"
  | "max_iter"
  | "plateau_winsize"
  | "stagelr"
  | "stageiter";

/** How the learning rate goes over the iterations. */
export interface LearningRatePolicy {
  /** b = base_lr, γ = gamma, i = iteration, k = step counter, m = min_lr. */
  readonly formula: string;
  readonly wants: readonly Wanted[];
  /** @param step what `step` has counted */
  rate(param: SolverParameter, iter: number, step: number): number;
  /**
   * The step counter at an iteration, from what it was before. It is part of a .solverstate.
   * @param lastEvent the iteration of the last step or of the last improvement, whichever came later
   */
  step?(param: SolverParameter, iter: number, before: number, lastEvent: number): number;
}

const byStep: LearningRatePolicy["rate"] = ({ base_lr = 0, gamma = 0 }, _iter, step) =>
  base_lr * gamma ** step;

/**
 * The learning-rate policies by the name that `lr_policy` gives: BVLC Caffe's seven, then those of its forks and
 * our own.
 *
 * @see Caffe's SGDSolver::GetLearningRate; plateau: SSD's; multifixed: Intel Caffe's
 */
export const learningRatePolicies: Readonly<Record<string, LearningRatePolicy>> = {
  fixed: {
    formula: "b",
    wants: ["base_lr"],
    rate: ({ base_lr = 0 }) => base_lr,
  },
  step: {
    formula: "b · γ^k, k = ⌊i / stepsize⌋",
    wants: ["base_lr", "gamma", "stepsize"],
    rate: byStep,
    step: ({ stepsize = 1 }, iter) => Math.floor(iter / stepsize),
  },
  exp: {
    formula: "b · γ^i",
    wants: ["base_lr", "gamma"],
    rate: ({ base_lr = 0, gamma = 0 }, iter) => base_lr * gamma ** iter,
  },
  inv: {
    formula: "b · (1 + γ·i)^−power",
    wants: ["base_lr", "gamma", "power"],
    rate: ({ base_lr = 0, gamma = 0, power = 0 }, iter) => base_lr * (1 + gamma * iter) ** -power,
  },
  multistep: {
    formula:
      "b · γ^k, k grows by one at an update whose iteration has reached the next `stepvalue`",
    wants: ["base_lr", "gamma"],
    rate: byStep,
    step: ({ stepvalue = [] }, iter, before) =>
      iter >= (stepvalue[before] ?? Number.POSITIVE_INFINITY) ? before + 1 : before,
  },
  poly: {
    formula: "(b − m) · (1 − i / max_iter)^power + m",
    wants: ["base_lr", "power", "max_iter"],
    rate: ({ base_lr = 0, power = 0, max_iter = 0, min_lr = 0 }, iter) =>
      (base_lr - min_lr) * (1 - iter / max_iter) ** power + min_lr,
  },
  sigmoid: {
    formula: "b / (1 + e^(−γ·(i − stepsize)))",
    wants: ["base_lr", "gamma", "stepsize"],
    rate: ({ base_lr = 0, gamma = 0, stepsize = 0 }, iter) =>
      base_lr / (1 + Math.exp(-gamma * (iter - stepsize))),
  },
  plateau: {
    formula:
      "b · γ^k, k grows by one when the smoothed loss (or what `monitor` names) has not improved for `plateau_winsize`[k] iterations",
    wants: ["base_lr", "gamma", "plateau_winsize"],
    rate: byStep,
    step: ({ plateau_winsize = [] }, iter, before, lastEvent) =>
      iter >= lastEvent + (plateau_winsize[before] ?? Number.POSITIVE_INFINITY)
        ? before + 1
        : before,
  },
  multifixed: {
    formula: "`stagelr`[k] of the first k whose `stageiter`[k] ≥ i, and the last one afterwards",
    wants: ["stagelr", "stageiter"],
    rate({ stagelr = [], stageiter = [] }, iter) {
      const stage = stageiter.findIndex((last) => iter <= last);
      return stagelr[stage < 0 ? stagelr.length - 1 : stage] ?? 0;
    },
  },
  cosine: {
    formula: "m + (b − m) · (1 + cos(π · (i − warmup_iter) / (max_iter − warmup_iter))) / 2",
    wants: ["base_lr", "max_iter"],
    rate({ base_lr = 0, max_iter = 0, min_lr = 0, warmup_iter = 0 }, iter) {
      const done = Math.min(1, (iter - warmup_iter) / Math.max(1, max_iter - warmup_iter));
      return min_lr + ((base_lr - min_lr) * (1 + Math.cos(Math.PI * done))) / 2;
    },
  },
};

/**
 * The policy that `lr_policy` names, checked to have the fields it reads.
 * @throws SolverError for an unknown policy, or a missing or useless field
 */
export function learningRatePolicy(param: SolverParameter, where: string): LearningRatePolicy {
  const known = Object.keys(learningRatePolicies);
  const name = param.lr_policy;
  if (name === undefined) {
    throw new SolverError(
      `${where}: no lr_policy. Expected one of ${known.join(", ")}. Add e.g. lr_policy: "fixed".`,
    );
  }
  const policy = Object.hasOwn(learningRatePolicies, name) ? learningRatePolicies[name] : undefined;
  if (!policy) {
    throw new SolverError(
      `${where}: Unknown learning rate policy: ${name}.${nearestText(name, known)} Expected one of ${known.join(", ")}.`,
    );
  }
  for (const field of policy.wants) {
    const value = param[field];
    if (value !== undefined && !(Array.isArray(value) && value.length === 0)) continue;
    throw new SolverError(
      field === "base_lr"
        ? `${where}: no base_lr. Expected the learning rate. Add e.g. base_lr: 0.01.`
        : `${where}: lr_policy "${name}" wants ${field}, and there is none.`,
    );
  }
  checkNumbers(param, name, where);
  return policy;
}

function checkNumbers(param: SolverParameter, name: string, where: string): void {
  const { gamma = 0, stepsize = 1, stagelr = [], stageiter = [], warmup_iter = 0 } = param;
  const useless = (param.plateau_winsize ?? []).find((iterations) => iterations < 1);
  if (name === "plateau" && useless !== undefined) {
    throw new SolverError(
      `${where}: plateau_winsize is ${useless}. Expected 1 iteration or more each time.`,
    );
  }
  if ((name === "step" || name === "sigmoid") && stepsize < 1) {
    throw new SolverError(
      `${where}: lr_policy "${name}" wants stepsize 1 or more, received ${stepsize}. Add e.g. stepsize: 10000.`,
    );
  }
  // A sigmoid that falls, as DIGITS writes every one, has a negative gamma.
  if (!(gamma >= 0) && name !== "sigmoid")
    throw new SolverError(`${where}: gamma is ${gamma}. Expected 0 or more.`);
  if (warmup_iter < 0) {
    throw new SolverError(`${where}: warmup_iter is ${warmup_iter}. Expected 0 (off) or more.`);
  }
  if (name === "multifixed" && stagelr.length !== stageiter.length) {
    throw new SolverError(
      `${where}: ${stagelr.length} stagelr and ${stageiter.length} stageiter. Expected one of each for every stage.`,
    );
  }
}
