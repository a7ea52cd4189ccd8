import { aroundAxis, countOf } from "../../util/shape.ts";
import type {
  InfogainLossDescriptor,
  InfogainLossOp,
  LabelLossOp,
  MultinomialLossDescriptor,
} from "../engine.ts";
import { groupsFor } from "./dispatch.ts";
import { type LossKernels, lossKernels } from "./loss-kernels.ts";
import type { Scope } from "./scope.ts";
import { labelLosses as code } from "./shaders.ts";

/** −Σ log p(label). */
export function webgpuMultinomialLoss(scope: Scope, d: MultinomialLossDescriptor): LabelLossOp {
  const kernels = kernelsOf(scope, [d.batch, d.classes, 1, 0, 0]);
  const groups = groupsFor(d.batch * d.classes);
  return {
    forward: (p, label, scale, loss) =>
      kernels.sum("multinomial", [p, label], scale, loss, d.batch),
    backward: (p, label, scale, dp) =>
      kernels.gradient("multinomialBackward", [p, label], scale, dp, groups),
  };
}

/** −Σ H(label, c)·log p(c). */
export function webgpuInfogainLoss(scope: Scope, d: InfogainLossDescriptor): InfogainLossOp {
  const [outer, classes, inner] = aroundAxis(d.shape, d.axis);
  const ignores = d.ignoreLabel === undefined ? 0 : 1;
  const kernels = kernelsOf(scope, [outer, classes, inner, d.ignoreLabel ?? 0, ignores]);
  const groups = groupsFor(outer * inner);
  return {
    forward: (p, label, h, scale, loss) =>
      kernels.sum("infogain", [p, label, h], scale, loss, countOf(d.shape)),
    backward: (p, label, h, scale, dx) =>
      kernels.gradient("infogainBackward", [p, label, h], scale, dx, groups),
  };
}

function kernelsOf(scope: Scope, whole: readonly number[]): LossKernels {
  return lossKernels(scope, { name: "label loss", code, whole, resultAt: 3 });
}
