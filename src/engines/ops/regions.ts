import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { Shape } from "../../util/shape.ts";

/**
 * Regions of maps x (N, C, H, W), each cut into a grid of P rows and Q columns of bins. What a region r and a bin (i, j)
 * make of a plane of x:
 *
 * - MAX: y(r, c, i, j) = the first greatest of plane c within the bin, 0 where the bin has nothing above −∞
 * - OWN_MEAN: y(r, d, i, j) = the mean of plane (d·P + i)·Q + j within the bin, 0 of an empty one; y has C / (P·Q) channels
 * - LINEAR: y(r, c, i, j) = plane c between its four neighbours (low, high) in rows and columns, in proportion; 0 where a bin
 *   has none
 */
export interface RegionsDescriptor {
  readonly method: "MAX" | "OWN_MEAN" | "LINEAR";
  readonly features: Shape;
  readonly regions: number;
  readonly grid: readonly [rows: number, columns: number];
}

/**
 * `bins` has a row of numbers for each region: its image, then those of its P rows, then of its Q columns. A row or column of
 * bins is `from` and `to`, [from, to) on the map; LINEAR: `low`, `high` and the share of `high`, low −1 where there is nothing.
 *
 * MAX wants `winners`, of y's shape, and writes there where each maximum lay, h·W + w or −1; in backward only those that lie within `bins`
 * pass a gradient on. dx is overwritten; what several bins see gets the sum.
 */
export interface RegionsOp {
  forward(x: SyncedMem, bins: SyncedMem, y: SyncedMem, winners?: SyncedMem): void;
  backward(dy: SyncedMem, bins: SyncedMem, dx: SyncedMem, winners?: SyncedMem): void;
}

/** Numbers of a row or column of bins. */
export function numbersOfBin({ method }: Pick<RegionsDescriptor, "method">): 2 | 3 {
  return method === "LINEAR" ? 3 : 2;
}

/** The shape of y. */
export function regionsShape({ method, features, regions, grid }: RegionsDescriptor): Shape {
  const [, channels = 0] = features;
  const own = method === "OWN_MEAN" ? channels / (grid[0] * grid[1]) : channels;
  return [regions, own, ...grid];
}
