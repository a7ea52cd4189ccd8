import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { ContrastiveLossDescriptor, ContrastiveLossOp } from "../engine.ts";
import { type Scope, uniforms } from "./scope.ts";
import { contrastiveLoss as code } from "./shaders.ts";

/** Σ d² of similar pairs, max(margin − d, 0)² of others; distances are found anew in backward. */
export function webgpuContrastiveLoss(
  scope: Scope,
  { pairs, channels, margin, isLegacy }: ContrastiveLossDescriptor,
): ContrastiveLossOp {
  const params = uniforms([1, margin], [pairs, channels]);
  const scales = new Float32Array(params.buffer, 0, 1);
  const run = (
    entry: string,
    reads: readonly SyncedMem[],
    scale: number,
    result: SyncedMem,
    groups: number,
  ): void => {
    scales[0] = scale;
    const kernel = scope.summingKernel({
      name: `contrastive loss, ${entry}`,
      code,
      entry,
      arrays: "rrrw",
      constants: { IS_LEGACY: Number(isLegacy) },
    });
    kernel.run([...reads.map((mem) => scope.read(mem)), scope.write(result)], params, groups);
  };
  return {
    forward: (a, b, similar, scale, loss) => run("loss", [a, b, similar], scale, loss, 1),
    backward: (a, b, similar, scale, da) =>
      run("gradient", [a, b, similar], scale, da, Math.min(pairs, 65535)),
  };
}
