import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { Shape } from "../../util/shape.ts";

/** Arrays that lie side by side along one axis of a larger one. */
export interface ConcatDescriptor {
  readonly shapes: readonly Shape[];
  readonly axis: number;
}

/** forward joins xs into y; backward cuts dy into dxs, overwriting those that are given. */
export interface ConcatOp {
  forward(xs: readonly SyncedMem[], y: SyncedMem): void;
  backward(dy: SyncedMem, dxs: readonly (SyncedMem | undefined)[]): void;
}

/**
 * Each element of y is one of x, or 0, as a crop, a permutation, a tile or im2col says; each element of dx, which is overwritten, is the
 * sum of dy over those that copy it.
 */
export interface CopyOp {
  forward(x: SyncedMem, y: SyncedMem): void;
  backward(dy: SyncedMem, dx: SyncedMem): void;
}

/** A box cut out of a larger array, (offset, offset + size) on each axis: y(p) = x(p + offset). */
export interface CropDescriptor {
  readonly shape: Shape;
  readonly offset: Shape;
  readonly size: Shape;
}

/**
 * Axes in another order, axis a of the result being axis `order[a]` of x:
 * y(i_order[0], i_order[1], …) = x(i_0, i_1, …).
 */
export interface PermuteDescriptor {
  readonly shape: Shape;
  readonly order: Shape;
}

/** An array seen as (outer, inner), whose inner blocks are repeated: y(o, t, i) = x(o, i). */
export interface TileDescriptor {
  readonly outer: number;
  readonly tiles: number;
  readonly inner: number;
}

/** Rows picked by number out of `rows` rows of `size` elements; `picks` of them. */
export interface GatherDescriptor {
  readonly rows: number;
  readonly size: number;
  readonly picks: number;
}

/** y(i) = x(trunc index(i)); dx(r) += Σ dy(i) over all i with index(i) = r. Numbers are in range: the layer has looked. */
export interface GatherOp {
  forward(x: SyncedMem, index: SyncedMem, y: SyncedMem): void;
  backward(dy: SyncedMem, index: SyncedMem, dx: SyncedMem): void;
}
