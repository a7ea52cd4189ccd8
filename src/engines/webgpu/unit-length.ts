import { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { aroundAxis, countOf } from "../../util/shape.ts";
import type { UnitLengthDescriptor, UnitLengthOp } from "../engine.ts";
import { groupsFor, MOST_GROUPS, uniforms } from "./dispatch.ts";
import type { Scope } from "./scope.ts";
import { unitLength as code } from "./shaders.ts";

/** Neighbouring positions from which on each invocation takes one of its own. */
const SIDE_BY_SIDE = 32;

/** Channels brought to length 1; the norms are kept for backward. */
export function webgpuUnitLength(scope: Scope, { shape, eps }: UnitLengthDescriptor): UnitLengthOp {
  const [outer, channels, inner] = aroundAxis(shape, 1);
  const params = uniforms([Math.sign(eps) * Math.sqrt(Math.abs(eps))], [outer, channels, inner]);
  const norms = new SyncedMem(outer * inner);
  const isWide = inner >= SIDE_BY_SIDE;
  const groups = isWide ? groupsFor(outer * inner) : Math.min(outer * inner, MOST_GROUPS);
  const way = isWide ? "Each" : "Together";
  const kernel = (entry: string, arrays: string) =>
    scope.summingKernel({ name: `unit length, ${entry}`, code, entry, arrays });
  return {
    forward(x, y) {
      const buffers = [scope.read(x), scope.write(norms), scope.write(y)];
      kernel(`forward${way}`, "rww").run(buffers, params, groups);
    },
    again(x, y) {
      const buffers = [scope.read(x), scope.update(norms), scope.write(y)];
      kernel("again", "rww").run(buffers, params, groupsFor(countOf(shape)));
    },
    backward(x, dy, dx) {
      const buffers = [scope.read(x), scope.update(norms), scope.write(dx), scope.read(dy)];
      kernel(`backward${way}`, "rwwr").run(buffers, params, groups);
    },
  };
}
