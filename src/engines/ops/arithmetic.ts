import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { RandomKey } from "../../util/random-bits.ts";
import type { Shape } from "../../util/shape.ts";
import type { PostOps } from "./unary.ts";

/** An elementwise combination of two or more arrays of one shape. */
export interface EltwiseDescriptor {
  readonly shape: Shape;
  readonly operation: "PROD" | "SUM" | "MAX";
  /** SUM only: one per input. */
  readonly coeffs: readonly number[];
  /** PROD only: multiply the other inputs in backward instead of dividing y by x. */
  readonly stableProdGrad: boolean;
}

/** y = Σ coeffᵢ·xᵢ, Π xᵢ or max xᵢ (x₁ wins unless x₀ is greater, a later one only if it is greater than those before it). Each dx is overwritten. */
export interface EltwiseOp {
  /** Whether forward and backward can take these over: y = f(Σ coeffᵢ·xᵢ). Where it is missing, none. */
  accepts?(posts: PostOps): boolean;
  forward(xs: readonly SyncedMem[], y: SyncedMem, posts?: PostOps): void;
  /** dxs[i] is undefined where no gradient is wanted. */
  backward(
    xs: readonly SyncedMem[],
    y: SyncedMem,
    dy: SyncedMem,
    dxs: readonly (SyncedMem | undefined)[],
    posts?: PostOps,
  ): void;
}

/** An array seen as (outer, inner). */
export interface ReductionDescriptor {
  readonly operation: "SUM" | "ASUM" | "SUMSQ" | "MEAN";
  readonly outer: number;
  readonly inner: number;
  readonly coeff: number;
}

/** y(o) = coeff · Σ over inner of x, |x| or x²; MEAN divides by inner. dx is overwritten. */
export interface ReductionOp {
  forward(x: SyncedMem, y: SyncedMem): void;
  backward(x: SyncedMem, dy: SyncedMem, dx: SyncedMem): void;
}

/** A share of the elements of an array is set to 0. */
export interface DropoutDescriptor {
  readonly shape: Shape;
  /** The share, in [0, 1). */
  readonly ratio: number;
}

/** y(i) = bits(key, i) < ratio·2³² ? 0 : x(i) / (1 − ratio), i in row-major order; dx from dy alike. In place is allowed. */
export interface DropoutOp {
  forward(x: SyncedMem, y: SyncedMem, key: RandomKey): void;
  backward(dy: SyncedMem, dx: SyncedMem, key: RandomKey): void;
}

/** One step of a long short-term memory. */
export interface LSTMUnitDescriptor {
  readonly batch: number;
  readonly hidden: number;
}

/**
 * c = cont · σ(f) ∘ before + σ(i) ∘ tanh(g); h = σ(o) ∘ tanh(c).
 *
 * before, c, h: (N, D); gates: (N, 4D), i f o g behind each other; cont: (N). The op keeps the gates' values
 * between forward and backward. dBefore and dGates are overwritten.
 */
export interface LSTMUnitOp {
  forward(before: SyncedMem, gates: SyncedMem, cont: SyncedMem, c: SyncedMem, h: SyncedMem): void;
  backward(
    before: SyncedMem,
    gates: SyncedMem,
    cont: SyncedMem,
    c: SyncedMem,
    h: SyncedMem,
    dc: SyncedMem,
    dh: SyncedMem,
    dBefore: SyncedMem,
    dGates: SyncedMem,
  ): void;
}
