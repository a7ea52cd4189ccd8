import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { countOf } from "../../util/shape.ts";
import type {
  InfogainLossDescriptor,
  InfogainLossOp,
  MultinomialLossDescriptor,
  MultinomialLossOp,
} from "../engine.ts";
import { groupsFor, type Scope, uniforms } from "./scope.ts";
import { labelLosses as code } from "./shaders.ts";

type Run = (
  entry: string,
  reads: readonly SyncedMem[],
  scale: number,
  result: SyncedMem,
  groups: number,
) => void;

/** −Σ log p(label). */
export function webgpuMultinomialLoss(
  scope: Scope,
  d: MultinomialLossDescriptor,
): MultinomialLossOp {
  const run = runner(scope, [d.batch, d.classes, 1, 0, 0]);
  const groups = groupsFor(d.batch * d.classes);
  return {
    forward: (p, label, scale, loss) => run("multinomial", [p, label], scale, loss, 1),
    backward: (p, label, scale, dp) => run("multinomialBackward", [p, label], scale, dp, groups),
  };
}

/** −Σ H(label, c)·log p(c). */
export function webgpuInfogainLoss(scope: Scope, d: InfogainLossDescriptor): InfogainLossOp {
  const outer = countOf(d.shape, 0, d.axis);
  const inner = countOf(d.shape, d.axis + 1);
  const ignores = d.ignoreLabel === undefined ? 0 : 1;
  const run = runner(scope, [outer, d.shape[d.axis] ?? 1, inner, d.ignoreLabel ?? 0, ignores]);
  const groups = groupsFor(outer * inner);
  return {
    forward: (p, label, h, scale, loss) => run("infogain", [p, label, h], scale, loss, 1),
    backward: (p, label, h, scale, dx) => run("infogainBackward", [p, label, h], scale, dx, groups),
  };
}

function runner(scope: Scope, whole: readonly number[]): Run {
  const params = uniforms([1], whole);
  const scales = new Float32Array(params.buffer, 0, 1);
  return (entry, reads, scale, result, groups) => {
    scales[0] = scale;
    const [p, label, ...matrix] = reads.map((mem) => scope.read(mem));
    const arrays = matrix.length > 0 ? "rrwr" : "rrw";
    const kernel = scope.summingKernel({ name: `${entry} loss`, code, entry, arrays });
    kernel.run([p!, label!, scope.write(result), ...matrix], params, groups);
  };
}
