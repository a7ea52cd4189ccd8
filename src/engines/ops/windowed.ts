import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { RandomKey } from "../../util/random-bits.ts";

/** A pooling of planes, all sizes resolved. Windows are clipped; see the reference for the divisor. */
export interface PoolingDescriptor {
  /** STOCHASTIC has no padding. */
  readonly method: "MAX" | "AVE" | "STOCHASTIC";
  readonly batch: number;
  readonly channels: number;
  readonly input: readonly [number, number];
  readonly output: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly pad: readonly [number, number];
}

/**
 * x: (N, C, H, W)  y: (N, C, H', W'). dx is overwritten.
 *
 * The op remembers where each maximum came from. With `mask`, of y's shape, forward also writes there
 * the index h·W + w of each maximum within its plane (MAX only). STOCHASTIC: with `key`, y(i) is the first x
 * of window i at which the running sum reaches bits(key, i)/2³² · Σ x, and takes the gradient; without, the
 * mean of what would be drawn, Σ x² / Σ x (0 where the sum is). `isRectified`: x is max(z, 0), and backward is to
 * give ∂E/∂z (MAX only).
 */
export interface PoolingOp {
  /** `forward` knows what to do with `isRectified`. */
  readonly absorbsRectifier?: boolean;
  forward(x: SyncedMem, y: SyncedMem, extra?: PoolingExtra): void;
  backward(x: SyncedMem, dy: SyncedMem, dx: SyncedMem): void;
}

/** What a pooling may be given besides its arrays. */
export interface PoolingExtra {
  readonly mask?: SyncedMem | undefined;
  readonly key?: RandomKey | undefined;
  readonly isRectified?: boolean;
}

/** Local response normalisation: region ACROSS neighbouring channels, or WITHIN a channel. */
export interface LRNDescriptor {
  readonly shape: readonly [number, number, number, number];
  readonly localSize: number;
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;
  readonly region: "ACROSS_CHANNELS" | "WITHIN_CHANNEL";
}

/** y = x · (k + α/n · Σ x²)^-β over the region of n elements. x, y: (N, C, H, W). dx is overwritten. */
export interface LRNOp {
  forward(x: SyncedMem, y: SyncedMem): void;
  backward(x: SyncedMem, y: SyncedMem, dy: SyncedMem, dx: SyncedMem): void;
}

/** Planes whose maxima go back to where they came from. */
export interface UnpoolingDescriptor {
  readonly batch: number;
  readonly channels: number;
  /** Rows and columns of x, and of y. */
  readonly input: readonly [number, number];
  readonly output: readonly [number, number];
}

/**
 * x, mask: (N, C, H, W)  y: (N, C, H', W'): y(trunc mask(i)) = x(i) within each plane, the last of several, and 0 elsewhere;
 * dx(i) = dy(trunc mask(i)), overwritten.
 */
export interface UnpoolingOp {
  /**
   * @returns the number of the first element of the mask that names no place of its plane, −1 where there is none. An engine
   * that would have to wait for the answer says −1, and makes the first element of such a plane NaN
   */
  forward(x: SyncedMem, mask: SyncedMem, y: SyncedMem): number;
  backward(dy: SyncedMem, mask: SyncedMem, dx: SyncedMem): void;
}
