import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { FloatArray } from "../../util/arrays.ts";
import type { Params, UpdateKernel, UpdateStep } from "../engine.ts";

/** One step of a parameter, in the passes that Caffe makes: normalise, regularise, the rule, subtract. */
export function referenceUpdate<P extends Params>(
  kernel: UpdateKernel<P>,
  count: number,
  step: UpdateStep,
  params: P,
  wMem: SyncedMem,
  gMem: SyncedMem,
  history: readonly SyncedMem[],
): boolean {
  const [w, g] = [wMem.mutableCpu(), gMem.mutableCpu()];
  const [first, second = first] = history.map((mem) => mem.mutableCpu());
  const { rate, gradientScale, decay } = step;
  for (let i = 0; i < count; i++) g[i]! *= gradientScale;
  if (!kernel.decoupledDecay) addDecay(count, decay, step.regularization, w, g);
  kernel.reference(count, rate, g, [first!, second!], params);
  if (kernel.decoupledDecay) addDecay(count, rate * decay, step.regularization, w, g);
  let isSound = true;
  for (let i = 0; i < count; i++) {
    w[i]! -= g[i]!;
    isSound &&= Number.isFinite(w[i]);
  }
  return isSound;
}

/** g ← g + decay · r(w): r(w) = w for L2, sign(w) for L1. */
function addDecay(
  count: number,
  decay: number,
  regularization: UpdateStep["regularization"],
  w: FloatArray,
  g: FloatArray,
): void {
  if (decay === 0) return;
  if (regularization === "L2") for (let i = 0; i < count; i++) g[i]! += decay * w[i]!;
  else for (let i = 0; i < count; i++) g[i]! += decay * Math.sign(w[i]!);
}
