import type { ContrastiveLossDescriptor, ContrastiveLossOp } from "../engine.ts";
import { lossRunner } from "./loss-kernels.ts";
import type { Scope } from "./scope.ts";
import { contrastiveLoss as code } from "./shaders.ts";

/** Σ d² of similar pairs, max(margin − d, 0)² of others; distances are found anew in backward. */
export function webgpuContrastiveLoss(
  scope: Scope,
  { pairs, channels, margin, isLegacy }: ContrastiveLossDescriptor,
): ContrastiveLossOp {
  const run = lossRunner(scope, {
    name: "contrastive loss",
    code,
    floats: [margin],
    whole: [pairs, channels],
    constants: { IS_LEGACY: Number(isLegacy) },
    resultAt: 3,
  });
  return {
    forward: (a, b, similar, scale, loss) => run("loss", [a, b, similar], scale, loss, 1),
    backward: (a, b, similar, scale, da) =>
      run("gradient", [a, b, similar], scale, da, Math.min(pairs, 65535)),
  };
}
