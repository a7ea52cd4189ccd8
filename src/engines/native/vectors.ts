import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { Engine } from "../engine.ts";
import type { Layout } from "./addon.ts";
import type { Places } from "./places.ts";

type Vectors = Pick<Engine, "copy" | "axpby" | "asum" | "sumOfSquares">;

/** Where `mem` lies, if that layout holds `count` elements; else plain. */
export function layoutOf(places: Places, mem: SyncedMem, count: number): Layout {
  const dims = places.dimsOf(mem);
  const layout = dims && places.current(mem, dims);
  return layout && layout.count === count ? layout : places.plain([count]);
}

/**
 * Vector arithmetic in the layout where the arrays lie: padding is zero, which every one of these keeps or
 * does not count.
 */
export function nativeVectors(places: Places): Vectors {
  const { addon } = places;
  return {
    copy(count, x, y) {
      const layout = layoutOf(places, x, count);
      const source = places.read(x, layout);
      addon.copy(layout.stored, source, places.write(y, layout));
    },
    axpby(count, alpha, x, beta, y) {
      const layout = layoutOf(places, beta === 0 ? x : y, count);
      const source = places.read(x, layout);
      const to = beta === 0 ? places.write(y, layout) : places.update(y, layout);
      addon.axpby(layout.stored, alpha, source, beta, to);
    },
    asum(count, x) {
      if (x.isZero) return 0;
      const layout = layoutOf(places, x, count);
      return addon.asum(layout.stored, places.read(x, layout));
    },
    sumOfSquares(count, x) {
      if (x.isZero) return 0;
      const layout = layoutOf(places, x, count);
      return addon.sumOfSquares(layout.stored, places.read(x, layout));
    },
  };
}
