import type { Params, UpdateKernel } from "../../engines/engine.ts";
import type { SolverParameter } from "../../io/proto/caffe.ts";

/** How a parameter changes by its gradient: the formula, and the solver's fields that its numbers come from. */
export interface UpdateRule<P extends Params = Params> {
  readonly kernel: UpdateKernel<P>;
  /**
   * The numbers of the formula.
   * @param iter updates done before this one
   */
  params(param: SolverParameter, iter: number): P;
  /** Rates of parameters' own (larc, local_lr_auto), and a momentum that changes, are for it: in the forks they are SGD's alone. */
  readonly isSgd?: true;
  /** What is wrong with the solver's fields for this rule; undefined where nothing is. */
  refuses?(param: SolverParameter): string | undefined;
}

/** δ as a divisor can bear it: a parameter that never had a gradient would else be 0/0. */
export function positive(delta: number): number {
  return Math.max(delta, 2 ** -126);
}
