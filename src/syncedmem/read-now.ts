import type { FloatArray } from "../util/arrays.ts";
import type { SyncedMem } from "./synced-mem.ts";

/**
 * Reads an array. What lies on a device is read from there in order with its work, into memory of its own: a later write
 * changes nothing of it. Of what lies in an engine's layout, the plain copy that is made for reading is given back.
 */
export function readNow<T>(mem: SyncedMem, read: (all: FloatArray) => T): T | Promise<T> {
  const { deviceStore } = mem;
  // Zeros that hold no memory stay so: who adds to them would otherwise find numbers.
  if (mem.isZero) return read(new Float32Array(mem.count));
  if (!mem.isOnHost && deviceStore) {
    const all = new Float32Array(mem.count);
    return deviceStore.download(all).then(() => read(all));
  }
  const isCopied = !mem.isCpuFresh;
  const result = read(mem.cpu());
  if (isCopied) mem.dropCpu();
  return result;
}
