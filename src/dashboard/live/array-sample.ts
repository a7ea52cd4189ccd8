import { readNow } from "../../syncedmem/read-now.ts";
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

/** Elements of a plain array, evenly spread over its first `count`. */
export function sampleOf(all: FloatArray, count: number): ArraySample {
  const values = new Float32Array(Math.min(MOST, count));
  const step = count / Math.max(1, values.length);
  for (let i = 0; i < values.length; i++) values[i] = all[Math.floor(i * step)] ?? 0;
  return { count, values };
}
