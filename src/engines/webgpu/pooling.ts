import { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { PoolingDescriptor, PoolingOp } from "../engine.ts";
import type { GpuBuffer } from "./buffer-pool.ts";
import { groupsFor, uniforms } from "./dispatch.ts";
import type { Scope } from "./scope.ts";
import { pooling, randomBits } from "./shaders.ts";

/** Words of the parameters that are set before a run: stream, pass, hasMask. */
const KEY = 1;

/** Each output looks at its window; each input gathers from the windows that have it, so that nothing collides. */
export function webgpuPooling(scope: Scope, d: PoolingDescriptor): PoolingOp {
  const planes = d.batch * d.channels;
  const outCount = planes * d.output[0] * d.output[1];
  const inCount = planes * d.input[0] * d.input[1];
  const window = [...d.input, ...d.output, ...d.kernel, ...d.stride, ...d.pad];
  const forwardParams = uniforms([], [outCount, 0, 0, 0, ...window]);
  const backwardParams = uniforms([], [inCount, 0, 0, 0, ...window]);
  const code = randomBits + pooling;
  const run = (entry: string, arrays: string, buffers: readonly GpuBuffer[]): void => {
    const isForward = entry.endsWith("Forward");
    scope
      .kernel({ name: `pooling, ${entry}`, code, entry, arrays })
      .run(
        buffers,
        isForward ? forwardParams : backwardParams,
        groupsFor(isForward ? outCount : inCount),
      );
  };
  const origin = new SyncedMem(d.method === "AVE" ? 0 : outCount);
  const unused = new SyncedMem(0);
  let isDrawn = false;
  return {
    forward(x, y, { mask, key } = {}) {
      const buffers = [scope.read(x), scope.pass(y)];
      isDrawn = key !== undefined;
      if (d.method === "AVE") return run("averageForward", "rw", buffers);
      if (d.method === "STOCHASTIC" && !key) return run("meanDrawForward", "rw", buffers);
      buffers.push(scope.write(origin));
      forwardParams.set([key?.[0] ?? 0, key?.[1] ?? 0, mask ? 1 : 0], KEY);
      if (key) return run("drawForward", "rww", buffers);
      return run("maxForward", "rwww", [...buffers, scope.write(mask ?? unused)]);
    },
    backward(x, dy, dx) {
      const gradient = scope.read(dy);
      if (d.method === "AVE") {
        return run("averageBackward", ".w..r", [scope.pass(dx), gradient]);
      }
      if (d.method === "STOCHASTIC" && !isDrawn) {
        return run("meanDrawBackward", "rw..r", [scope.read(x), scope.pass(dx), gradient]);
      }
      return run("originBackward", ".ww.r", [scope.pass(dx), scope.update(origin), gradient]);
    },
  };
}
