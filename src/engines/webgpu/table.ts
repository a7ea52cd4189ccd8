import { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { GpuBuffer } from "./buffer-pool.ts";
import type { Scope } from "./scope.ts";

/** A list of whole numbers that a kernel looks up; it is made and sent when it is first asked for. */
export function listOf(scope: Scope, make: () => Int32Array): () => GpuBuffer {
  let mem: SyncedMem | undefined;
  return () => {
    if (!mem) {
      const numbers = make();
      mem = new SyncedMem(numbers.length);
      // Only bytes are moved, so that it does not matter that they are no floats.
      mem.borrowCpu(new Float32Array(numbers.buffer));
    }
    return scope.read(mem);
  };
}

/** A list of rows, all of one length. */
export function tableOf(scope: Scope, rows: () => readonly (readonly number[])[]): () => GpuBuffer {
  return listOf(scope, () => Int32Array.from(rows().flat()));
}
