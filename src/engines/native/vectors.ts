import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { Engine } from "../engine.ts";
import type { Layout } from "./addon.ts";
import type { Layouts } from "./layouts.ts";

type Vectors = Pick<Engine, "copy" | "axpby" | "asum" | "sumOfSquares">;

/** Where `mem` lies, if that layout holds `count` elements; else plain. */
export function layoutOf(layouts: Layouts, mem: SyncedMem, count: number): Layout {
  const dims = layouts.dimsOf(mem);
  const layout = dims && layouts.current(mem, dims);
  return layout && layout.count === count ? layout : layouts.plain([count]);
}

/**
 * Vector arithmetic in the layout where the arrays lie: padding is zero, which every one of these keeps or
 * does not count.
 */
export function nativeVectors(layouts: Layouts): Vectors {
  const { addon } = layouts;
  return {
    copy(count, x, y) {
      const layout = layoutOf(layouts, x, count);
      const source = layouts.read(x, layout);
      addon.copy(layout.stored, source, layouts.write(y, layout));
    },
    axpby(count, alpha, x, beta, y) {
      const layout = layoutOf(layouts, beta === 0 ? x : y, count);
      const source = layouts.read(x, layout);
      const to = beta === 0 ? layouts.write(y, layout) : layouts.update(y, layout);
      addon.axpby(layout.stored, alpha, source, beta, to);
    },
    asum(count, x) {
      if (x.isZero) return 0;
      const layout = layoutOf(layouts, x, count);
      return addon.asum(layout.stored, layouts.read(x, layout));
    },
    sumOfSquares(count, x) {
      if (x.isZero) return 0;
      const layout = layoutOf(layouts, x, count);
      return addon.sumOfSquares(layout.stored, layouts.read(x, layout));
    },
  };
}
