import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { FloatArray } from "../../util/arrays.ts";

/** So many elements of an array are looked at: enough for a histogram, and a copy that nobody feels. */
const MOST = 4096;

/** Elements of an array, evenly spread over it. */
export interface ArraySample {
  /** How many it has in all. */
  readonly count: number;
  readonly values: Float32Array;
}

/** Elements of an array as it is at this moment; a promise where it lies on a device. */
export function sampleNow(mem: SyncedMem, count: number): ArraySample | Promise<ArraySample> {
  return readNow(mem, (all) => sampleOf(all, count));
}

/** The first elements of an array as they are at this moment; a promise where it lies on a device. */
export function firstNow(mem: SyncedMem, count: number): Float32Array | Promise<Float32Array> {
  return readNow(mem, (all) => Float32Array.from(all.subarray(0, count)));
}

/**
 * Reads an array. What lies on a device is read from there in order with its work, into memory of its own: a later write
 * changes nothing of it. Of what lies in an engine's layout, the plain copy that is made for reading is given back.
 */
function readNow<T>(mem: SyncedMem, read: (all: FloatArray) => T): T | Promise<T> {
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

/** Elements of a plain array, evenly spread over its first `count`. */
export function sampleOf(all: FloatArray, count: number): ArraySample {
  const values = new Float32Array(Math.min(MOST, count));
  const step = count / Math.max(1, values.length);
  for (let i = 0; i < values.length; i++) values[i] = all[Math.floor(i * step)] ?? 0;
  return { count, values };
}
