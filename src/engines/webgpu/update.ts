import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { Params, UpdateKernel, UpdateStep } from "../engine.ts";
import { groupsFor, uniforms } from "./dispatch.ts";
import type { Scope } from "./scope.ts";
import { update as code } from "./shaders.ts";
import { numbersOf, updateFunction } from "./unary-functions.ts";

/** One step of a parameter in one pass over it, its gradient and its history, by the rule's own statements. */
export function webgpuUpdate<P extends Params>(
  scope: Scope,
  kernel: UpdateKernel<P>,
  count: number,
  { rate, gradientScale, decay, regularization, clipping, rateFactor }: UpdateStep,
  params: P,
  w: SyncedMem,
  g: SyncedMem,
  history: readonly SyncedMem[],
): boolean {
  const [first, second] = history.map((mem) => scope.update(mem));
  const [factor, ofRate] = [clipping, rateFactor].map((mem) =>
    mem ? scope.read(mem) : scope.gpu.nothing,
  );
  const floats = [...numbersOf(params), rate, gradientScale, decay];
  const made = scope.kernel({
    name: kernel.name,
    code: code + updateFunction(scope, kernel, params),
    entry: second ? "twoHistories" : "oneHistory",
    arrays: second ? "rrwwww" : "rrwww",
    constants: {
      IS_L1: regularization === "L1" ? 1 : 0,
      IS_DECOUPLED: kernel.decoupledDecay ? 1 : 0,
      IS_CLIPPED: clipping ? 1 : 0,
      IS_LOCAL: rateFactor ? 1 : 0,
    },
  });
  const buffers = [factor!, ofRate!, scope.update(w), scope.update(g), first!];
  made.run(second ? [...buffers, second] : buffers, uniforms(floats, [count]), groupsFor(count));
  return true;
}
