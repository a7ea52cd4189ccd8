import type { SolverParameter } from "../../io/proto/caffe.ts";
import { LearningRate } from "../../solvers/update/learning-rate.ts";
import { silent } from "../../util/log.ts";
import type { Schedule } from "../api.ts";

/** Points of a curve that is smooth. */
const POINTS = 400;
/** Steps that are drawn one by one. */
const MOST_STEPS = 400;

/** Where a run is. */
interface Present {
  readonly iter: number;
  /** The learning rate of the last iteration that was told of. */
  readonly rate: number | undefined;
  /** What the policy's rates are multiplied by now. */
  readonly factor: number;
}

/**
 * The learning rate over a whole run, as policy, warm-up, floor and the factor of now have it. Between two points it goes in a
 * line. What a plateau will do nobody knows.
 *
 * @throws SolverError where the solver names no policy that there is
 */
export function scheduleOf(param: SolverParameter, { iter, rate, factor }: Present): Schedule {
  const policy = param.lr_policy ?? "";
  const end = param.max_iter ?? iter;
  const known = new LearningRate(param, "solver", silent);
  known.factor = factor;
  if (policy === "plateau" && rate !== undefined) {
    return {
      policy,
      points: [...new Set([iter, Math.max(iter, end)])].map((at) => ({ iter: at, rate })),
      unknownFrom: iter,
      note: "A plateau lowers the rate when the loss, or what the solver monitors, has not improved for a while: when that will be cannot be known. Drawn is the rate of now.",
    };
  }
  return {
    policy,
    // What a plateau would watch has just improved, always.
    points: turns(param, end).map((at) => ({ iter: at, rate: known.take(at, at) })),
    unknownFrom: policy === "plateau" ? 0 : undefined,
    note:
      param.max_iter === undefined
        ? "The solver names no max_iter: the schedule has no end."
        : undefined,
  };
}

/** The iterations that a curve goes through: evenly spread ones, and both sides of every place where it may jump or bend. */
function turns(param: SolverParameter, end: number): number[] {
  const {
    stepvalue = [],
    stageiter = [],
    stepsize = 0,
    warmup_iter = 0,
    rampup_interval = 0,
  } = param;
  const bends = [...stepvalue, warmup_iter, rampup_interval, ...stageiter.map((last) => last + 1)];
  if (param.lr_policy === "step" && stepsize > 0 && end / stepsize <= MOST_STEPS) {
    for (let at = stepsize; at <= end; at += stepsize) bends.push(at);
  }
  const even = Array.from({ length: POINTS + 1 }, (_, i) => Math.round((i * end) / POINTS));
  const all = new Set([...even, ...bends.flatMap((at) => [at - 1, at, at + 1])]);
  return [...all].filter((at) => at >= 0 && at <= end).sort((a, b) => a - b);
}
