import type { SolverParameter } from "../../io/proto/caffe.ts";
import { SolverError } from "../../util/errors.ts";
import { numberText } from "../../util/log.ts";

/**
 * The rate of an iteration that lies in Intel's warm-up or NVIDIA's ramp-up, which leads to base_lr; undefined behind it.
 *
 *     warmup_iter:      start + (base_lr − start) · i / warmup_iter              start = warmup_start_lr, default 0
 *     rampup_interval:  start + (base_lr − start) · (i / rampup_interval)²       start = rampup_lr, default 0
 */
export function warmUpRate(param: SolverParameter, iter: number): number | undefined {
  const { base_lr = 0, warmup_iter = 0, warmup_start_lr = 0 } = param;
  if (iter < warmup_iter) {
    return (iter * base_lr + (warmup_iter - iter) * warmup_start_lr) / warmup_iter;
  }
  const { rampup_interval = 0, rampup_lr = 0, min_lr = 0 } = param;
  if (iter >= rampup_interval) return undefined;
  return Math.max(min_lr, rampup_lr + (base_lr - rampup_lr) * (iter / rampup_interval) ** 2);
}

/**
 * The parameter of one iteration, its momentum and weight decay as their policies have them.
 *
 *     momentum_policy "poly":      μ + (max_momentum − μ) · (i / max_iter)^momentum_power
 *     momentum_policy "opt":       (1 − √η / 2)², at most max_momentum where that is given
 *     weight_decay_policy "poly":  λ + (max_weight_decay − λ) · (i / max_iter)^weight_decay_power
 *
 * In Intel's warm-up the momentum is multiplied by η(i) / η(i − 1): the velocity holds the rate that it was gained at.
 *
 * @param rate η, the learning rate of the iteration
 * @param isSgd whether the rule is SGD: policies of the momentum are for it alone, as in the forks
 * @see NVIDIA/caffe, SGDSolver::GetMomentum and GetWeightDecay; intel/caffe, SGDSolver::ComputeUpdateValue
 */
export function atIteration(
  param: SolverParameter,
  iter: number,
  rate: number,
  isSgd: boolean,
): SolverParameter {
  const weight_decay = weightDecayAt(param, iter);
  const momentum = isSgd ? momentumAt(param, iter, rate) : param.momentum;
  if (weight_decay === param.weight_decay && momentum === param.momentum) return param;
  return {
    ...param,
    ...(weight_decay !== undefined && { weight_decay }),
    ...(momentum !== undefined && { momentum }),
  };
}

function momentumAt(param: SolverParameter, iter: number, rate: number): number | undefined {
  const { momentum_policy = "fixed", momentum = 0, momentum_power = 1, max_momentum } = param;
  if (momentum_policy === "poly") {
    return raised(momentum, max_momentum ?? Math.fround(0.99), momentum_power, param, iter);
  }
  if (momentum_policy === "opt") {
    return Math.min(max_momentum ?? Number.POSITIVE_INFINITY, (1 - Math.sqrt(rate) / 2) ** 2);
  }
  if (iter >= (param.warmup_iter ?? 0)) return param.momentum;
  const [now = 0, before = 0] = [iter, Math.max(0, iter - 1)].map((i) => warmUpRate(param, i));
  return before > 0 ? momentum * (now / before) : param.momentum;
}

function weightDecayAt(param: SolverParameter, iter: number): number | undefined {
  if (param.weight_decay_policy !== "poly") return param.weight_decay;
  const { weight_decay = 0, max_weight_decay = 0, weight_decay_power = 1 } = param;
  return raised(weight_decay, max_weight_decay, weight_decay_power, param, iter);
}

/** From `first` to `last` at max_iter. */
function raised(
  first: number,
  last: number,
  power: number,
  { max_iter = 1 }: SolverParameter,
  iter: number,
): number {
  return first + (last - first) * (iter / max_iter) ** power;
}

/** What a log line says, behind the rate, of a momentum and a weight decay that change; empty where they do not. */
export function scheduleText(
  param: SolverParameter,
  iter: number,
  rate: number,
  isSgd: boolean,
): string {
  const { momentum = 0, weight_decay = 0 } = atIteration(param, iter, rate, isSgd);
  const moves = isSgd && (param.momentum_policy ?? "fixed") !== "fixed";
  const decays = (param.weight_decay_policy ?? "fixed") !== "fixed";
  return `${moves ? `, m = ${numberText(momentum)}` : ""}${decays ? `, wd = ${numberText(weight_decay)}` : ""}`;
}

/**
 * Makes sure that a run's rates, momentum and decay can be found at every iteration, and each in one way.
 * @throws SolverError
 */
export function checkSchedules(param: SolverParameter, where: string): void {
  const refuse = (problem: string): never => {
    throw new SolverError(`${where}: ${problem}`);
  };
  const { warmup_iter = 0, rampup_interval = 0, max_iter } = param;
  if (param.larc && param.local_lr_auto) {
    refuse(
      "larc and local_lr_auto are both given. Expected one of them: each adapts the rate to the norms of a parameter.",
    );
  }
  if (rampup_interval < 0) {
    refuse(`rampup_interval is ${rampup_interval}. Expected 0 (off) or more.`);
  }
  if (warmup_iter > 0 && rampup_interval > 0) {
    refuse("warmup_iter and rampup_interval are both given. Expected one of them.");
  }
  for (const field of ["momentum_policy", "weight_decay_policy"] as const) {
    if (param[field] !== "poly" || max_iter !== undefined) continue;
    refuse(`${field} "poly" wants max_iter, and there is none.`);
  }
}
