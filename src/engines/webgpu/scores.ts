import { aroundAxis } from "../../util/shape.ts";
import type { AccuracyDescriptor, AccuracyOp, ArgMaxDescriptor, ArgMaxOp } from "../engine.ts";
import { groupsFor, MOST_GROUPS, uniforms } from "./dispatch.ts";
import type { Kernel } from "./kernels.ts";
import type { Scope } from "./scope.ts";
import { scores as code } from "./shaders.ts";
import { sharesOf } from "./slices.ts";

/** What `argMax` writes; see scores.wgsl. */
const WANTS = { indices: 0, values: 1, both: 2 } as const;

/** One kernel judges every label, another counts; the numbers stay on the device. */
export function webgpuAccuracy(scope: Scope, d: AccuracyDescriptor): AccuracyOp {
  const [outer, classes, inner] = aroundAxis(d.shape, d.axis);
  const shares = sharesOf(outer * inner);
  const ignores = d.ignoreLabel === undefined ? 0 : 1;
  const params = uniforms([], [outer, classes, inner, d.topK, d.ignoreLabel ?? 0, ignores, shares]);
  const kernel = (entry: string, arrays: string): Kernel =>
    scope.summingKernel({ name: `accuracy, ${entry}`, code, entry, arrays });
  return {
    forward(x, label, accuracy, perClass) {
      const [scores, labels] = [scope.read(x), scope.read(label)];
      const hits = scope.workspace(2 * (outer * inner + shares));
      kernel("judge", "rrw").run([scores, labels, hits], params, groupsFor(outer * inner));
      kernel("shareOfAll", "..w").run([hits], params, shares);
      kernel("ofAll", "..ww").run([hits, scope.write(accuracy)], params, 1);
      if (!perClass) return;
      const each = kernel("ofEach", ".rww");
      each.run([labels, hits, scope.write(perClass)], params, Math.min(classes, MOST_GROUPS));
    },
  };
}

/** The greatest values one after the other, an invocation for each row. */
export function webgpuArgMax(scope: Scope, d: ArgMaxDescriptor): ArgMaxOp {
  const { outer, length, inner, topK, wants } = d;
  const params = uniforms([], [outer, length, inner, topK, 0, 0, 0]);
  return {
    forward(x, y) {
      const kernel = scope.summingKernel({
        name: "greatest values",
        code,
        entry: "argMax",
        arrays: "r..w",
        constants: { WANTS: WANTS[wants] },
      });
      kernel.run([scope.read(x), scope.write(y)], params, groupsFor(outer * inner));
    },
  };
}
