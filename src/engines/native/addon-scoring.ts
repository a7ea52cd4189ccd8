import type { Buffer } from "./buffer.ts";

/** Softmax, losses, what is read from scores, and suppression: native/src/losses.cc, scores.cc and suppression.cc. */
export interface Scoring {
  softmax(outer: number, channels: number, inner: number, x: Buffer, y: Buffer): void;
  softmaxBackward(
    outer: number,
    channels: number,
    inner: number,
    y: Buffer,
    dy: Buffer,
    dx: Buffer,
  ): void;
  labelLoss(
    outer: number,
    channels: number,
    inner: number,
    ignored: number,
    prob: Buffer,
    label: Buffer,
  ): number;
  labelGradient(
    outer: number,
    channels: number,
    inner: number,
    ignored: number,
    scale: number,
    prob: Buffer,
    label: Buffer,
    dx: Buffer,
  ): void;
  sigmoidLoss(n: number, ignored: number, x: Buffer, target: Buffer): number;
  sigmoidGradient(
    n: number,
    ignored: number,
    scale: number,
    x: Buffer,
    target: Buffer,
    dx: Buffer,
  ): void;
  hingeLoss(batch: number, classes: number, isSquared: boolean, x: Buffer, label: Buffer): number;
  hingeGradient(
    batch: number,
    classes: number,
    isSquared: boolean,
    scale: number,
    x: Buffer,
    label: Buffer,
    dx: Buffer,
  ): void;
  multinomialLoss(batch: number, classes: number, p: Buffer, label: Buffer): number;
  multinomialGradient(
    batch: number,
    classes: number,
    scale: number,
    p: Buffer,
    label: Buffer,
    dp: Buffer,
  ): void;
  infogainLoss(
    outer: number,
    classes: number,
    inner: number,
    ignored: number,
    p: Buffer,
    label: Buffer,
    h: Buffer,
  ): number;
  infogainGradient(
    outer: number,
    classes: number,
    inner: number,
    ignored: number,
    scale: number,
    p: Buffer,
    label: Buffer,
    h: Buffer,
    dx: Buffer,
  ): void;
  contrastiveLoss(
    pairs: number,
    channels: number,
    margin: number,
    isLegacy: boolean,
    a: Buffer,
    b: Buffer,
    similar: Buffer,
  ): number;
  contrastiveGradient(
    pairs: number,
    channels: number,
    margin: number,
    isLegacy: boolean,
    scale: number,
    a: Buffer,
    b: Buffer,
    similar: Buffer,
    da: Buffer,
  ): void;
  accuracy(
    outer: number,
    classes: number,
    inner: number,
    topK: number,
    ignored: number,
    x: Buffer,
    label: Buffer,
    perClass: Buffer | undefined,
  ): number;
  /** wants: 0 indices, 1 values, 2 both. */
  argMax(
    outer: number,
    length: number,
    inner: number,
    topK: number,
    wants: number,
    x: Buffer,
    y: Buffer,
  ): void;
  /** told: 0 edges, 1 pixels, 2 middles. */
  suppress(
    count: number,
    most: number,
    told: number,
    threshold: number,
    eta: number,
    boxes: Float32Array,
  ): Int32Array;
  /** The same by class: triples of image, class and prior. kinds: boxes of a prior. */
  suppressClasses(
    images: number,
    priors: number,
    classes: number,
    kinds: number,
    background: number,
    least: number,
    candidates: number,
    most: number,
    told: number,
    threshold: number,
    eta: number,
    scores: Float32Array,
    boxes: Float32Array,
  ): Int32Array;
}
