import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { Shape } from "../../util/shape.ts";
import type { Join } from "./joined-batch.ts";
import type { PostOps } from "./unary.ts";

/** An array seen as (outer, channels, inner). */
export interface ChannelDescriptor {
  /** The blob's full shape; channels are its axis `axis`. */
  readonly shape: Shape;
  readonly axis: number;
}

/** y = exp(x - max) / Σ exp(x - max) along the channel axis. dx is overwritten; in place is allowed. */
export interface SoftmaxOp {
  forward(x: SyncedMem, y: SyncedMem): void;
  backward(y: SyncedMem, dy: SyncedMem, dx: SyncedMem): void;
}

/** x is normalised per channel: y = (x - mean) / sqrt(variance + eps). */
export interface BatchNormDescriptor {
  /** (N, C, …): channels are axis 1, or a single channel where there is no axis 1. */
  readonly shape: Shape;
  readonly eps: number;
  /** mean and variance are given (TEST) rather than computed from x (TRAIN). */
  readonly useGlobalStats: boolean;
  /** Where x is a part of a batch: makes the batch's statistics and their gradients those of the whole. */
  readonly join?: Join;
}

/**
 * mean, variance: (C). With useGlobalStats they are read, else forward writes the batch's (biased).
 * In place is allowed: the op keeps what its backward reads. dx is overwritten.
 */
export interface BatchNormOp {
  /** Whether forward and backward can take these over: y = f((x − mean) / √(variance + eps)). Where it is missing, none. */
  accepts?(posts: PostOps): boolean;
  forward(x: SyncedMem, mean: SyncedMem, variance: SyncedMem, y: SyncedMem, posts?: PostOps): void;
  backward(
    mean: SyncedMem,
    variance: SyncedMem,
    dy: SyncedMem,
    dx: SyncedMem,
    posts?: PostOps,
  ): void;
  /** (x − mean) / √(variance + eps) of the last forward, after which backward without posts may follow. Where `accepts` is. */
  again?(mean: SyncedMem, variance: SyncedMem, y: SyncedMem): void;
}

/** A vector stretched over an array seen as (outer, length, inner). */
export interface BroadcastDescriptor {
  readonly shape: Shape;
  /** The vector covers the axes [axis, axis + its rank) of shape. */
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
}

/** y = x · scale (+ bias). dx is overwritten (dx may be dy), dScale and dBias are added to. In place is allowed. */
export interface ScaleOp {
  forward(x: SyncedMem, scale: SyncedMem, bias: SyncedMem | undefined, y: SyncedMem): void;
  backwardData(dy: SyncedMem, scale: SyncedMem, dx: SyncedMem): void;
  /** x is the input of forward, even where that ran in place. */
  backwardParams(
    x: SyncedMem,
    dy: SyncedMem,
    dScale: SyncedMem | undefined,
    dBias: SyncedMem | undefined,
  ): void;
}

/** y = x + bias. dBias is added to. In place is allowed. */
export interface BiasOp {
  forward(x: SyncedMem, bias: SyncedMem, y: SyncedMem): void;
  backwardBias(dy: SyncedMem, dBias: SyncedMem): void;
}

/** y = max(x, 0) + slope · min(x, 0). x is the input of forward, even where that ran in place. */
export interface PReLUOp {
  forward(x: SyncedMem, slope: SyncedMem, y: SyncedMem): void;
  /** dx is overwritten; it may be dy. */
  backwardData(x: SyncedMem, slope: SyncedMem, dy: SyncedMem, dx: SyncedMem): void;
  /** dSlope is added to. */
  backwardSlope(x: SyncedMem, dy: SyncedMem, dSlope: SyncedMem): void;
}

/** Channels, which are axis 1 of (N, C, …), brought to one length at every position. */
export interface UnitLengthDescriptor {
  readonly shape: Shape;
  readonly eps: number;
}

/**
 * y = x / norm with norm = √(Σ over channels of x² + eps), a position at a time.
 * dx = (dy − x · Σ(x · dy) / norm²) / norm, overwritten; x is as it was in forward, of which the op keeps the norms.
 * y is not x, and dx is not dy.
 */
export interface UnitLengthOp {
  forward(x: SyncedMem, y: SyncedMem): void;
  /** y = x / norm, of the norms of the last forward. */
  again(x: SyncedMem, y: SyncedMem): void;
  backward(x: SyncedMem, dy: SyncedMem, dx: SyncedMem): void;
}

/** An array seen as rows, each normalised by itself. */
export interface MVNDescriptor {
  readonly rows: number;
  readonly size: number;
  /** Divide by σ + eps; otherwise only the mean is taken away. */
  readonly normalizeVariance: boolean;
  readonly eps: number;
}

/**
 * y = (x − mean) / (σ + eps) row by row. dx = (dy − mean(dy) − y · mean(dy · y)) / (σ + eps), overwritten; the op
 * keeps the divisors. In place is allowed.
 */
export interface MVNOp {
  forward(x: SyncedMem, y: SyncedMem): void;
  backward(y: SyncedMem, dy: SyncedMem, dx: SyncedMem): void;
}
