import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { Held } from "./memory-pool.ts";

/** Weights with factors multiplied in, in one layout, and what they were made of. */
export interface Folded {
  readonly layout: string;
  readonly held: Held;
  writes: number;
  factors: Float32Array;
  greatest: number;
}

/** By the weights' array: what was folded of it last. Nets that share it, for passes of other numbers of rows, fold it once. */
export const lastFolded = new WeakMap<SyncedMem, WeakRef<Folded>>();

/** What was folded of an array that is no more, to be given back; undefined where nothing was. */
export function takeFolded(w: SyncedMem): Held | undefined {
  const held = lastFolded.get(w)?.deref()?.held;
  lastFolded.delete(w);
  return held;
}
