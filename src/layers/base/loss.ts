import type { Blob } from "../../blob/blob.ts";
import type { LossParameter } from "../../io/proto/caffe.ts";
import { type Arity, arity, type Blobs, Layer } from "./layer.ts";

/** What a sum of losses is divided by. */
export type Normalization = "FULL" | "VALID" | "BATCH_SIZE" | "NONE";

/** A loss: two bottoms (predictions, labels) and a scalar top that counts towards the objective. */
export abstract class LossLayer<Bottom extends Blobs, Top extends Blobs> extends Layer<
  Bottom,
  Top
> {
  static override readonly bottoms: Arity = arity.two;
  static override readonly tops: Arity = arity.one;
  static override readonly makesTops: boolean = true;
  static override readonly isLoss: boolean = true;

  /** Labels have no gradient. */
  override allowForceBackward(bottomIndex: number): boolean {
    return bottomIndex !== 1;
  }

  /**
   * Looks that every label names a class or is the one to ignore, and counts those that are not ignored.
   * @throws LayerError where a label is neither: it would read another sample's score
   */
  protected countLabels(label: Blob, classes: number, ignored?: number): number {
    const values = label.data.cpu();
    let counted = 0;
    for (let i = 0; i < label.count(); i++) {
      const value = Math.trunc(values[i]!);
      if (value === ignored) continue;
      if (!(value >= 0 && value < classes)) {
        const sample = Math.floor(i / label.count(1));
        this.failAt(
          sample,
          `label ${values[i]} at position ${i}. Expected 0 to ${classes - 1}, a class.`,
        );
      }
      counted++;
    }
    return counted;
  }

  override readsTopDiff(topIndex: number): boolean {
    return topIndex === 0;
  }

  protected refuseLabelGradient(propagateDown: readonly boolean[]): void {
    if (propagateDown[1]) this.fail("Layer cannot backpropagate to label inputs.");
  }
}

/** loss_param's choice; `normalize: false` is the old way to say BATCH_SIZE. */
export function normalizationOf(
  param: LossParameter | undefined,
  byDefault: Normalization = "VALID",
): Normalization {
  const { normalization, normalize } = param ?? {};
  if (normalization !== undefined) return normalization as Normalization;
  if (normalize !== undefined) return normalize ? "VALID" : "BATCH_SIZE";
  return byDefault;
}

/** The divisor: all positions, the counted ones, the images, or 1; at least 1, so that an empty batch gives 0. */
export function normalizer(
  mode: Normalization,
  outer: number,
  inner: number,
  valid: number,
): number {
  const divisor = { FULL: outer * inner, VALID: valid, BATCH_SIZE: outer, NONE: 1 }[mode];
  return Math.max(1, divisor);
}
