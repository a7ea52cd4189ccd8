import { SummedParts } from "../../syncedmem/summed-parts.ts";
import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { StoreMemory } from "./addon.ts";
import { FactoredGradient } from "./factored-gradient.ts";
import type { Layouts } from "./layouts.ts";

/** Uses a panel: where it begins and ends in the array, and its elements. */
type Use = (begin: number, end: number, panel: StoreMemory) => void;

/** How much is added up at a time: it is used up, with what is updated by it, before it leaves the cache. */
const PANEL_FLOATS = 1 << 15;

/** Makes an array that is kept as what it is made of, one panel after the other; undefined where it lies otherwise. */
export function panelsOf(layouts: Layouts, mem: SyncedMem): ((use: Use) => void) | undefined {
  const store = mem.freshPrivate();
  if (store instanceof FactoredGradient) return (use) => store.forEachPanel(use);
  if (store instanceof SummedParts) return (use) => addUp(layouts, store.parts, use);
  return undefined;
}

function addUp(layouts: Layouts, parts: readonly Float32Array[], use: Use): void {
  const length = parts[0]?.length ?? 0;
  layouts.lend(PANEL_FLOATS, (panel) => {
    for (let begin = 0; begin < length; begin += PANEL_FLOATS) {
      const end = Math.min(length, begin + PANEL_FLOATS);
      for (const [i, part] of parts.entries()) {
        layouts.addon.axpby(end - begin, 1, part.subarray(begin, end), i === 0 ? 0 : 1, panel);
      }
      use(begin, end, panel);
    }
  });
}
