import { type AdamParams, adam } from "./adam.ts";
import type { UpdateRule } from "./update-rule.ts";

/**
 * Adam with decoupled weight decay: the decay shrinks the parameter and is not scaled by the gradients' history.
 *
 *     w ← w − (Adam's step) − η·λ·w
 *
 * λ is weight_decay · decay_mult (sign(w) in place of w with regularization_type L1). Not in BVLC Caffe.
 *
 * - `momentum`, `momentum2`, `delta`: as Adam's
 *
 * @see Loshchilov & Hutter, ICLR 2019
 */
export const adamW: UpdateRule<AdamParams> = {
  ...adam,
  kernel: { ...adam.kernel, name: "AdamW", decoupledDecay: true },
};
