import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type {
  HingeLossDescriptor,
  HingeLossOp,
  SigmoidLossDescriptor,
  SigmoidLossOp,
} from "../engine.ts";
import { groupsFor, type Scope, uniforms } from "./scope.ts";
import { losses as code } from "./shaders.ts";

/** −Σ t·log σ(x) + (1 − t)·log(1 − σ(x)). */
export function webgpuSigmoidLoss(scope: Scope, d: SigmoidLossDescriptor): SigmoidLossOp {
  const ignores = d.ignoreLabel === undefined ? 0 : 1;
  return lossOf(scope, "sigmoid", d.count, [1, d.ignoreLabel ?? 0, ignores], {});
}

/** Σ max(0, 1 − s·x)ᵖ. */
export function webgpuHingeLoss(scope: Scope, d: HingeLossDescriptor): HingeLossOp {
  const constants = { IS_SQUARED: d.norm === "L2" ? 1 : 0 };
  return lossOf(scope, "hinge", d.batch * d.classes, [d.classes, 0, 0], constants);
}

function lossOf(
  scope: Scope,
  name: string,
  count: number,
  more: readonly number[],
  constants: Readonly<Record<string, number>>,
): SigmoidLossOp & HingeLossOp {
  const params = uniforms([1], [count, ...more]);
  const scales = new Float32Array(params.buffer, 0, 1);
  const run = (
    entry: string,
    x: SyncedMem,
    other: SyncedMem,
    scale: number,
    result: SyncedMem,
    groups: number,
  ): void => {
    scales[0] = scale;
    const kernel = scope.summingKernel({
      name: `${name} loss`,
      code,
      entry,
      arrays: "rrw",
      constants,
    });
    const [left, right] = [scope.read(x), scope.read(other)];
    kernel.run([left, right, scope.write(result)], params, groups);
  };
  return {
    forward(x, other, scale, loss) {
      run(name, x, other, scale, loss, 1);
    },
    backward(x, other, scale, dx) {
      run(`${name}Backward`, x, other, scale, dx, groupsFor(count));
    },
  };
}
