import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { aroundAxis } from "../../util/shape.ts";
import type { UnitLengthDescriptor, UnitLengthOp } from "../engine.ts";
import { type Layouts, viewOf } from "./layouts.ts";

/** Channels brought to length 1, in the layout in which x lies. */
export function nativeUnitLength(
  layouts: Layouts,
  { shape, eps }: UnitLengthDescriptor,
): UnitLengthOp {
  const { addon } = layouts;
  const [outer, , inner] = aroundAxis(shape, 1);
  const norms = new Float32Array(outer * inner);
  const divide = (isGiven: boolean, x: SyncedMem, y: SyncedMem): void => {
    const layout = layouts.currentOf(x, shape, "blocks");
    const view = viewOf(layout);
    const from = layouts.read(x, layout);
    addon.unitLengthForward(...view, eps, isGiven, from, norms, layouts.write(y, layout));
    // 0 / 0, where all channels are 0 and eps is too.
    layouts.clearPadding(y, layout);
  };
  return {
    forward: (x, y) => divide(false, x, y),
    again: (x, y) => divide(true, x, y),
    backward(x, dy, dx) {
      const layout = layouts.currentOf(x, shape, "blocks");
      const [from, gradient] = [layouts.read(x, layout), layouts.read(dy, layout)];
      addon.unitLengthBackward(...viewOf(layout), from, norms, gradient, layouts.write(dx, layout));
      layouts.clearPadding(dx, layout);
    },
  };
}
