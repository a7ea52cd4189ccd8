import { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { countOf } from "../../util/shape.ts";
import {
  numbersOfBin,
  type RegionsDescriptor,
  type RegionsOp,
  regionsShape,
} from "../ops/regions.ts";
import type { GpuBuffer } from "./buffer-pool.ts";
import { groupsFor, uniforms } from "./dispatch.ts";
import type { Scope } from "./scope.ts";
import { regions as code } from "./shaders.ts";

const ENTRIES = { MAX: "max", OWN_MEAN: "mean", LINEAR: "linear" } as const;

/** Each value looks at its bin; each place of a map gathers from the bins that have it, so that nothing collides. */
export function webgpuRegions(scope: Scope, d: RegionsDescriptor): RegionsOp {
  const [, channels = 0, height = 0, width = 0] = d.features;
  const shape = regionsShape(d);
  const unused = new SyncedMem(0);
  const run = (
    direction: "Forward" | "Backward",
    count: number,
    buffers: readonly GpuBuffer[],
  ): void => {
    const entry = `${ENTRIES[d.method]}${direction}`;
    const arrays = buffers.length === 4 ? "rwrw" : "rwr";
    const constants = { NUMBERS: numbersOfBin(d) };
    const sizes = [count, d.regions, channels, shape[1] ?? 0, height, width, ...d.grid];
    scope
      .kernel({ name: `regions, ${entry}`, code, entry, arrays, constants })
      .run(buffers, uniforms([], sizes), groupsFor(count));
  };
  return {
    forward(x, bins, y, winners = unused) {
      const buffers = [scope.read(x), scope.write(y), scope.read(bins)];
      if (d.method === "MAX") buffers.push(scope.write(winners));
      run("Forward", countOf(shape), buffers);
    },
    backward(dy, bins, dx, winners = unused) {
      const buffers = [scope.read(dy), scope.write(dx), scope.read(bins)];
      if (d.method === "MAX") buffers.push(scope.update(winners));
      run("Backward", countOf(d.features), buffers);
    },
  };
}
