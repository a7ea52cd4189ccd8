import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { ReductionDescriptor, ReductionOp } from "../engine.ts";
import { groupsFor, MOST_GROUPS, uniforms } from "./dispatch.ts";
import type { Scope } from "./scope.ts";
import { reduction as code } from "./shaders.ts";

const KINDS = { SUM: 0, MEAN: 0, ASUM: 1, SUMSQ: 2 } as const;

/** Rows are summed in slices, and the slices in their order. */
export function webgpuReduction(scope: Scope, d: ReductionDescriptor): ReductionOp {
  const { operation, outer, inner } = d;
  const coeff = operation === "MEAN" ? d.coeff / inner : d.coeff;
  const sliceLength = Math.max(1024, Math.ceil(inner / Math.max(1, Math.ceil(256 / outer))));
  const slices = Math.max(1, Math.ceil(inner / sliceLength));
  const params = uniforms([coeff], [outer, inner, slices, sliceLength]);
  const kernel = (entry: string, arrays: string) =>
    scope.summingKernel({
      name: `reduction, ${entry}`,
      code,
      entry,
      arrays,
      constants: { KIND: KINDS[operation] },
    });
  return {
    forward(x: SyncedMem, y: SyncedMem) {
      const parts = scope.workspace(slices * outer);
      const groups = Math.min(outer, MOST_GROUPS);
      kernel("partial", "rw").run([scope.read(x), parts], params, groups, slices);
      kernel("finish", ".ww").run([parts, scope.write(y)], params, groupsFor(outer));
    },
    backward(x, dy, dx) {
      const buffers = [scope.read(x), scope.read(dy), scope.write(dx)];
      kernel("backward", "r..rw").run(buffers, params, groupsFor(outer * inner));
    },
  };
}
