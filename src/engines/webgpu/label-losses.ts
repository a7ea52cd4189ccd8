import { aroundAxis } from "../../util/shape.ts";
import type {
  InfogainLossDescriptor,
  InfogainLossOp,
  LabelLossOp,
  MultinomialLossDescriptor,
} from "../engine.ts";
import { type LossRun, lossRunner } from "./loss-kernels.ts";
import { groupsFor, type Scope } from "./scope.ts";
import { labelLosses as code } from "./shaders.ts";

/** −Σ log p(label). */
export function webgpuMultinomialLoss(scope: Scope, d: MultinomialLossDescriptor): LabelLossOp {
  const run = runner(scope, [d.batch, d.classes, 1, 0, 0]);
  const groups = groupsFor(d.batch * d.classes);
  return {
    forward: (p, label, scale, loss) => run("multinomial", [p, label], scale, loss, 1),
    backward: (p, label, scale, dp) => run("multinomialBackward", [p, label], scale, dp, groups),
  };
}

/** −Σ H(label, c)·log p(c). */
export function webgpuInfogainLoss(scope: Scope, d: InfogainLossDescriptor): InfogainLossOp {
  const [outer, classes, inner] = aroundAxis(d.shape, d.axis);
  const ignores = d.ignoreLabel === undefined ? 0 : 1;
  const run = runner(scope, [outer, classes, inner, d.ignoreLabel ?? 0, ignores]);
  const groups = groupsFor(outer * inner);
  return {
    forward: (p, label, h, scale, loss) => run("infogain", [p, label, h], scale, loss, 1),
    backward: (p, label, h, scale, dx) => run("infogainBackward", [p, label, h], scale, dx, groups),
  };
}

function runner(scope: Scope, whole: readonly number[]): LossRun {
  return lossRunner(scope, { name: "label loss", code, whole, resultAt: 3 });
}
