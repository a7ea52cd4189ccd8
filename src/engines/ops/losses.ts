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

/** A loss of scores x and of a label, or a target, beside them. */
export interface LabelLossOp {
  /** Writes scale · E, as the descriptor says. */
  forward(x: SyncedMem, label: SyncedMem, scale: number, loss: SyncedMem): void;
  /** dx = scale · ∂E/∂x. dx is overwritten. */
  backward(x: SyncedMem, label: SyncedMem, scale: number, dx: SyncedMem): void;
}

/**
 * The log loss of σ(x) against targets t in [0, 1]; those whose whole part is `ignoreLabel` do not count. x, t: (count).
 *
 *     E     = −Σ t·log σ(x) + (1 − t)·log(1 − σ(x))
 *     ∂E/∂x = σ(x) − t, 0 where the target is ignored
 */
export interface SigmoidLossDescriptor {
  readonly count: number;
  readonly ignoreLabel: number | undefined;
}

/**
 * One-against-all hinge loss with p = 1 (L1) or 2 (L2). x: (N, C), label: (N).
 *
 *     E = Σ max(0, 1 − s·x)ᵖ, where s is 1 for the labelled class and −1 for the others
 */
export interface HingeLossDescriptor {
  readonly batch: number;
  readonly classes: number;
  readonly norm: "L1" | "L2";
}

/**
 * The log loss of given probabilities x, which count as at least 10⁻²⁰. x: (N, C), label: (N).
 *
 *     E     = −Σ log x(label)
 *     ∂E/∂x = −1 / x(label), 0 for the others
 */
export interface MultinomialLossDescriptor {
  readonly batch: number;
  readonly classes: number;
}

/** The log loss of a softmax in which H(label, c) says what each class is worth; p counts as at least 10⁻²⁰. */
export interface InfogainLossDescriptor extends ChannelDescriptor {
  readonly ignoreLabel: number | undefined;
}

/** p: the softmax, of the descriptor's shape; label: (outer·inner); h: (C, C). */
export interface InfogainLossOp {
  /** E = −Σ H(label, c)·log p(c) over the classes of the labels that are not ignored. */
  forward(p: SyncedMem, label: SyncedMem, h: SyncedMem, scale: number, loss: SyncedMem): void;
  /** dx = scale · (p(c)·Σ H(label, ·) − H(label, c)), 0 where the label is ignored. dx is overwritten. */
  backward(p: SyncedMem, label: SyncedMem, h: SyncedMem, scale: number, dx: SyncedMem): void;
}

/** Pairs that are drawn together where they are similar and driven apart, up to `margin`, where not. */
export interface ContrastiveLossDescriptor {
  readonly pairs: number;
  readonly channels: number;
  readonly margin: number;
  /** The margin is for the squared distance. */
  readonly isLegacy: boolean;
}

/** a, b: (N, C); similar: (N), a pair is similar where its whole part is not 0. d = ‖a − b‖. */
export interface ContrastiveLossOp {
  /** E = Σ d² (similar), max(margin − d, 0)² (not), or max(margin − d², 0) (not, legacy). */
  forward(a: SyncedMem, b: SyncedMem, similar: SyncedMem, scale: number, loss: SyncedMem): void;
  /**
   * da = scale · (a − b) · s,  s = 1 (similar), −(margin − d)/(d + 10⁻⁴) (not, within the margin),
   * −1 (likewise, legacy) or 0. That of b is the same with −scale. da is overwritten.
   */
  backward(a: SyncedMem, b: SyncedMem, similar: SyncedMem, scale: number, da: SyncedMem): void;
}
