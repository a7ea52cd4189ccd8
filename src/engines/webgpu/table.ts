import { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { GpuBuffer } from "./buffer-pool.ts";
import type { Scope } from "./scope.ts";

/** A table of whole numbers that a kernel looks up; it is made and sent when it is first asked for. */
export function tableOf(scope: Scope, rows: () => readonly (readonly number[])[]): () => GpuBuffer {
  let mem: SyncedMem | undefined;
  return () => {
    if (!mem) {
      const numbers = Int32Array.from(rows().flat());
      mem = new SyncedMem(numbers.length);
      // Only bytes are moved, so that it does not matter that they are no floats.
      mem.borrowCpu(new Float32Array(numbers.buffer));
    }
    return scope.read(mem);
  };
}
