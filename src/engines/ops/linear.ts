import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { Shape } from "../../util/shape.ts";
import type { PostOps } from "./unary.ts";

/** A function linear in x and in its weights: y = W ∘ x + b. dx is overwritten, dW and db are added to. */
export interface LinearOp {
  /** Whether forward can apply these on the way out: y = f(W ∘ x + b). */
  accepts(posts: PostOps): boolean;
  forward(
    x: SyncedMem,
    w: SyncedMem,
    b: SyncedMem | undefined,
    y: SyncedMem,
    posts?: PostOps,
  ): void;
  backwardData(dy: SyncedMem, w: SyncedMem, dx: SyncedMem): void;
  /** Either may be undefined: frozen, or absent. */
  backwardWeights(
    x: SyncedMem,
    dy: SyncedMem,
    dw: SyncedMem | undefined,
    db: SyncedMem | undefined,
  ): void;
}

/**
 * A convolution, all sizes resolved: y = W ⊛ x + b.  x: (N, C, i…)  W: (O, C/groups, k…)  b: (O)  y: (N, O, o…).
 * Spatial lists have one entry per spatial axis (0 or more).
 */
export interface ConvolutionDescriptor {
  readonly batch: number;
  readonly groups: number;
  readonly inputChannels: number;
  readonly outputChannels: number;
  readonly input: Shape;
  readonly output: Shape;
  readonly kernel: Shape;
  readonly stride: Shape;
  readonly pad: Shape;
  readonly dilation: Shape;
  readonly hasBias: boolean;
  /** There is no backward, and weights stay as they are: what is made of them may be kept. */
  readonly isForwardOnly?: boolean;
}

/** An inner product, all sizes resolved: Y = X · Wᵀ + b.  X: (M, K)  W: (N, K)  b: (N)  Y: (M, N) */
export interface InnerProductDescriptor {
  /** Shape of one bottom, the axes before `axis` multiplied into the first entry: (M, …features). */
  readonly input: Shape;
  readonly outputs: number;
  readonly hasBias: boolean;
  /** There is no backward, and nothing but forward reads the weights: they may lie as it reads them fastest. */
  readonly isForwardOnly?: boolean;
  /** Weights are stored as (features, outputs) instead of (outputs, features). */
  readonly transpose: boolean;
}
