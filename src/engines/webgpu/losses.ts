import type { HingeLossDescriptor, LabelLossOp, SigmoidLossDescriptor } from "../engine.ts";
import { groupsFor } from "./dispatch.ts";
import { lossKernels } from "./loss-kernels.ts";
import type { Scope } from "./scope.ts";
import { losses as code } from "./shaders.ts";

/** −Σ t·log σ(x) + (1 − t)·log(1 − σ(x)). */
export function webgpuSigmoidLoss(scope: Scope, d: SigmoidLossDescriptor): LabelLossOp {
  const ignores = d.ignoreLabel === undefined ? 0 : 1;
  return lossOf(scope, "sigmoid", d.count, [1, d.ignoreLabel ?? 0, ignores], {});
}

/** Σ max(0, 1 − s·x)ᵖ. */
export function webgpuHingeLoss(scope: Scope, d: HingeLossDescriptor): LabelLossOp {
  const constants = { IS_SQUARED: d.norm === "L2" ? 1 : 0 };
  return lossOf(scope, "hinge", d.batch * d.classes, [d.classes, 0, 0], constants);
}

function lossOf(
  scope: Scope,
  name: string,
  count: number,
  more: readonly number[],
  constants: Readonly<Record<string, number>>,
): LabelLossOp {
  const kernels = lossKernels(scope, {
    name: "loss",
    code,
    whole: [count, ...more],
    constants,
    resultAt: 2,
  });
  return {
    forward(x, other, scale, loss) {
      kernels.sum(name, [x, other], scale, loss, count);
    },
    backward(x, other, scale, dx) {
      kernels.gradient(`${name}Backward`, [x, other], scale, dx, groupsFor(count));
    },
  };
}
