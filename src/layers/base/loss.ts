import type { LayerParameter, LossParameter } from "../../io/proto/caffe.ts";
import { LabelledLayer } from "./labelled.ts";
import { type Arity, arity, type Blobs, type LayerContext, type LayerRole } from "./layer.ts";

/** What a sum of losses is divided by. */
export type Normalization = "FULL" | "VALID" | "BATCH_SIZE" | "NONE" | "PRE_FIXED";

/** A loss: two bottoms (predictions, labels) and a scalar top that counts towards the objective. */
export abstract class LossLayer<Bottom extends Blobs, Top extends Blobs> extends LabelledLayer<
  Bottom,
  Top
> {
  static override readonly role: LayerRole = "result";
  static override readonly bottoms: Arity = arity.two;
  static override readonly tops: Arity = arity.one;
  static override readonly makesTops: boolean = true;
  static override readonly isLoss: boolean = true;
  static override readonly hostTopDiffs: readonly number[] = [0];

  /** Whether it weighs classes by `loss_param { class_weighting }`, as SegNet has it. */
  protected get weighsClasses(): boolean {
    return false;
  }

  constructor(param: LayerParameter, context: LayerContext) {
    super(param, context);
    const { weight_by_label_freqs, class_weighting = [] } = param.loss_param ?? {};
    if (weight_by_label_freqs && !this.weighsClasses) {
      this.fail(
        "loss_param.weight_by_label_freqs is true. Expected false: SoftmaxWithLoss alone weighs classes.",
      );
    }
    if (class_weighting.length > 0 && !weight_by_label_freqs) {
      context.warn("loss_param.class_weighting has no effect without weight_by_label_freqs: true.");
    }
  }

  /** Labels have no gradient. */
  override allowForceBackward(bottomIndex: number): boolean {
    return bottomIndex !== 1;
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

/** The divisor: all positions, the counted ones, the images, 1 or a number given; at least 1, so that an empty batch gives 0. */
export function normalizer(
  mode: Normalization,
  outer: number,
  inner: number,
  valid: number,
  preFixed = 1,
): number {
  const divisors = { FULL: outer * inner, VALID: valid, BATCH_SIZE: outer, NONE: 1 };
  return Math.max(1, { ...divisors, PRE_FIXED: preFixed }[mode]);
}
