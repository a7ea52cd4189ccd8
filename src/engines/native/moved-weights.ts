import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { FloatArray } from "../../util/arrays.ts";
import type { Addon, Layout } from "./addon.ts";
import type { NativeStore } from "./native-store.ts";

/** Floats from which an array has pages of its own. */
const OWN_PAGES = 2 ** 15;

/** Floats of large weights that are moved together, and rows that lie in one block at most. */
const [PART, ROWS] = [2 ** 22, 64];

/** Arrays that calls which are made again read, of whichever net. */
const recorded = new WeakSet<FloatArray>();

/** Says that calls which will be made again read the array: until the nets that share it are closed, its memory does not go. */
export function keepInPlace(array: FloatArray): void {
  recorded.add(array);
}

/**
 * Moves weights that nobody else has in the plain layout to the store's: the memory in which they lay goes back to the system at once, of
 * large ones part by part.
 * @returns false where others may have them or read them again there, or they are small
 */
export function moveWeights(
  addon: Addon,
  mem: SyncedMem,
  plain: Layout,
  store: NativeStore,
): boolean {
  const { described: layout } = store;
  const array = mem.isLasting && layout.type === "f32" ? mem.soleCpu : undefined;
  if (!array || array.length < OWN_PAGES || recorded.has(array)) return false;
  const [outputs = 1] = layout.dims;
  const rows = ROWS * Math.ceil((PART * outputs) / layout.count / ROWS);
  if (layout.stored > layout.count || layout.count < 2 * PART || rows >= outputs) {
    store.fromPlain(array);
  } else addon.moveRows(plain, layout, array as Float32Array, store.memory, rows);
  mem.markPrivateFresh(store);
  mem.dropCpu();
  discard(addon, array as Float32Array);
  return true;
}

/** Gives the memory of an array of which nobody reads an element any more back to the system. */
export function discard(addon: Addon, array: Float32Array): void {
  if (array.length >= OWN_PAGES) addon.discard(array, 0, array.length);
}
