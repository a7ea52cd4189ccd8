import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { countOf } from "../../util/shape.ts";
import {
  numbersOfBin,
  type RegionsDescriptor,
  type RegionsOp,
  regionsShape,
} from "../ops/regions.ts";
import type { Layout } from "./addon.ts";
import { type Layouts, viewOf } from "./layouts.ts";

/** Regions of maps by loops that keep neighbouring channels in a vector where they lie in blocks. */
export function nativeRegions(layouts: Layouts, d: RegionsDescriptor): RegionsOp {
  const { addon } = layouts;
  const [rows, columns] = d.grid;
  const shape = regionsShape(d);
  const [features, result] = [layouts.plain(d.features), layouts.plain(shape)];
  const table = layouts.plain([d.regions, 1 + numbersOfBin(d) * (rows + columns)]);
  const [n = 0, c = 0, height = 0, width = 0] = d.features;
  const sizes = [height, width, d.regions, rows, columns] as const;
  const plainArgs = [n, c, countOf(d.features, 2), 1, ...sizes] as const;
  /** x where it lies in blocks of channels, else plain. */
  const inBlocks = (layout: Layout): Layout =>
    layout.block === 8 || layout.block === 16 ? layout : features;
  const argsOf = (layout: Layout) =>
    layout === features ? plainArgs : ([...viewOf(layout), ...sizes] as const);
  const likewise = (layout: Layout, dims: readonly number[], plain: Layout): Layout =>
    layout.block === 8 || layout.block === 16 ? new addon.Layout(dims, layout.block) : plain;

  if (d.method === "MAX") {
    return {
      forward(x, bins, y, winners) {
        const layout = inBlocks(layouts.current(x, d.features));
        const [from, numbers] = [layouts.read(x, layout), layouts.read(bins, table)];
        const [to, places] = [
          layouts.write(y, result),
          layouts.write(winners as SyncedMem, result),
        ];
        addon.regionMaxima(...argsOf(layout), numbers, from, to, places);
      },
      backward(dy, bins, dx, winners) {
        const [from, numbers] = [layouts.read(dy, result), layouts.read(bins, table)];
        const places = layouts.read(winners as SyncedMem, result);
        addon.regionMaximaBackward(
          ...plainArgs,
          numbers,
          from,
          places,
          layouts.write(dx, features),
        );
      },
    };
  }
  if (d.method === "OWN_MEAN") {
    return {
      forward(x, bins, y) {
        const [from, numbers] = [layouts.read(x, features), layouts.read(bins, table)];
        addon.regionMeans(...plainArgs, numbers, from, layouts.write(y, result));
      },
      backward(dy, bins, dx) {
        const [from, numbers] = [layouts.read(dy, result), layouts.read(bins, table)];
        addon.regionMeansBackward(...plainArgs, numbers, from, layouts.write(dx, features));
      },
    };
  }
  return {
    forward(x, bins, y) {
      const layout = inBlocks(layouts.current(x, d.features));
      const [from, numbers] = [layouts.read(x, layout), layouts.read(bins, table)];
      const to = layouts.write(y, likewise(layout, shape, result));
      addon.regionPoints(...argsOf(layout), numbers, from, to);
    },
    backward(dy, bins, dx) {
      const above = layouts.current(dy, shape);
      const layout = likewise(above, d.features, features);
      const from = layouts.read(dy, layout === features ? result : above);
      const numbers = layouts.read(bins, table);
      addon.regionPointsBackward(...argsOf(layout), numbers, from, layouts.write(dx, layout));
    },
  };
}
