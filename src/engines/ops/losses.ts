import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { ChannelDescriptor } from "./channels.ts";

// Every loss writes scale · E to one element. Labels are in range: the layer has looked.

/** A softmax over `axis` and the log loss of one label per remaining position. */
export interface SoftmaxLossDescriptor extends ChannelDescriptor {
  readonly ignoreLabel: number | undefined;
}

/** prob: shape of x; label: (outer·inner) class numbers. */
export interface SoftmaxLossOp {
  /** Writes prob, and E = Σ −log(max(prob[label], FLT_MIN)) over the labels that are not ignored. */
  forward(x: SyncedMem, label: SyncedMem, prob: SyncedMem, scale: number, loss: SyncedMem): void;
  /** dx = scale · (prob − onehot(label)), 0 where the label is ignored. dx is overwritten. */
  backward(prob: SyncedMem, label: SyncedMem, scale: number, dx: SyncedMem): void;
}

/** The log loss of σ(x) against targets in [0, 1]; those whose whole part is `ignoreLabel` do not count. */
export interface SigmoidLossDescriptor {
  readonly count: number;
  readonly ignoreLabel: number | undefined;
}

/** x, target: (count). */
export interface SigmoidLossOp {
  /** E = −Σ t·log σ(x) + (1 − t)·log(1 − σ(x)). */
  forward(x: SyncedMem, target: SyncedMem, scale: number, loss: SyncedMem): void;
  /** dx = scale · (σ(x) − t), 0 where the target is ignored. dx is overwritten. */
  backward(x: SyncedMem, target: SyncedMem, scale: number, dx: SyncedMem): void;
}

/** One-against-all hinge loss with p = 1 (L1) or 2 (L2). */
export interface HingeLossDescriptor {
  readonly batch: number;
  readonly classes: number;
  readonly norm: "L1" | "L2";
}

/** x: (N, C), label: (N). s is 1 for the labelled class and −1 for the others. */
export interface HingeLossOp {
  /** E = Σ max(0, 1 − s·x)ᵖ. */
  forward(x: SyncedMem, label: SyncedMem, scale: number, loss: SyncedMem): void;
  /** dx = scale · ∂E/∂x. dx is overwritten. */
  backward(x: SyncedMem, label: SyncedMem, scale: number, dx: SyncedMem): void;
}
