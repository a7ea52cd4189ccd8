import type { NetParameter, SolverParameter } from "../../io/proto/caffe.ts";
import { SolverError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";

/**
 * What gradients are multiplied by on their way through a net of half precision, and divided by before they are used:
 * `global_grad_scale` of NVIDIA's Caffe, the solver's before the net's. Below 6e-8 halves are 0.
 * @param hasHalves whether some layer of the net multiplies halves
 * @param isDivided whether the solver's type divides gradients before it uses them
 * @throws SolverError where it is no positive number, or cannot be divided by again
 */
export function gradientScaleOf(
  param: SolverParameter,
  net: NetParameter,
  hasHalves: boolean,
  isDivided: boolean,
  where: string,
  log: Log,
): number {
  const scale = param.global_grad_scale ?? net.global_grad_scale;
  if (scale !== undefined && !(scale > 0 && Number.isFinite(scale))) {
    throw new SolverError(`${where}: global_grad_scale is ${scale}. Expected a number above 0.`);
  }
  const warn = (message: string): void => log("warning", "solver", `${where}: ${message}`);
  if (!hasHalves) {
    if (scale !== undefined && scale !== 1) {
      warn(
        "global_grad_scale has no effect: no gradient vanishes in 32-bit floats or bfloat16. It is for precision f16.",
      );
    }
    return 1;
  }
  if (!isDivided) {
    if (scale !== undefined && scale !== 1) {
      throw new SolverError(
        `${where}: global_grad_scale with type "LBFGS". Expected another type, or none.`,
      );
    }
    return 1;
  }
  if (scale === undefined) {
    warn(
      "precision f16 without global_grad_scale: gradients below 6e-8 are lost where they are multiplied. Write e.g. global_grad_scale: 1024; training stops where it makes one infinite (beyond 65504).",
    );
  }
  return scale ?? 1;
}
