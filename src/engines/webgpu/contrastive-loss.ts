import type { ContrastiveLossDescriptor, ContrastiveLossOp } from "../engine.ts";
import { MOST_GROUPS } from "./dispatch.ts";
import { lossKernels } from "./loss-kernels.ts";
import type { Scope } from "./scope.ts";
import { contrastiveLoss as code } from "./shaders.ts";

/** Σ d² of similar pairs, max(margin − d, 0)² of others; distances are found anew in backward. */
export function webgpuContrastiveLoss(
  scope: Scope,
  { pairs, channels, margin, isLegacy }: ContrastiveLossDescriptor,
): ContrastiveLossOp {
  const kernels = lossKernels(scope, {
    name: "contrastive loss",
    code,
    floats: [margin],
    whole: [pairs, channels],
    constants: { IS_LEGACY: Number(isLegacy) },
    resultAt: 3,
  });
  return {
    forward: (a, b, similar, scale, loss) =>
      kernels.sum("loss", [a, b, similar], scale, loss, pairs),
    backward: (a, b, similar, scale, da) =>
      kernels.gradient("gradient", [a, b, similar], scale, da, Math.min(pairs, MOST_GROUPS)),
  };
}
