import { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { countOf } from "../../util/shape.ts";
import type { LRNDescriptor, LRNOp } from "../engine.ts";
import { groupsFor, uniforms } from "./dispatch.ts";
import type { Scope } from "./scope.ts";
import { lrn as code } from "./shaders.ts";

/** Local response normalisation; s is kept for backward. */
export function webgpuLRN(scope: Scope, d: LRNDescriptor): LRNOp {
  const [, c, h, w] = d.shape;
  const count = countOf(d.shape);
  const isAcross = d.region === "ACROSS_CHANNELS";
  const size = isAcross ? d.localSize : d.localSize ** 2;
  const params = uniforms(
    [d.alpha / size, d.beta, d.k, (2 * d.alpha * d.beta) / size],
    [count, c, h, w, (d.localSize - 1) / 2],
  );
  const scale = new SyncedMem(count);
  const { nothing } = scope.gpu;
  const kernel = (isBackward: boolean) =>
    scope.kernel({
      name: isBackward ? "LRN, gradient" : "LRN",
      code,
      entry: "main",
      arrays: "rwwrr",
      constants: { ACROSS: Number(isAcross), IS_BACKWARD: Number(isBackward) },
    });
  return {
    forward(x, y) {
      const buffers = [scope.read(x), scope.write(scale), scope.pass(y), nothing, nothing];
      kernel(false).run(buffers, params, groupsFor(count));
    },
    backward(x, y, dy, dx) {
      const [input, s, output, gradient] = [x, scale, y, dy].map((mem) => scope.read(mem));
      const buffers = [input!, s!, scope.pass(dx), output!, gradient!];
      kernel(true).run(buffers, params, groupsFor(count));
    },
  };
}
