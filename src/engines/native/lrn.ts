import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { LRNDescriptor, LRNOp } from "../engine.ts";
import type { Layout, NormArgs } from "./addon.ts";
import { type Layouts, viewOf } from "./layouts.ts";

/** Response normalisation by loops, in the layout the bottom lies in: plain, or blocks of channels without padding. */
export function nativeLRN(layouts: Layouts, d: LRNDescriptor): LRNOp {
  const norm: NormArgs = [d.localSize, d.alpha, d.beta, d.k];
  const layoutOf = (x: SyncedMem): Layout => layouts.currentOf(x, d.shape, "blocks", "no padding");
  return d.region === "ACROSS_CHANNELS"
    ? acrossChannels(layouts, norm, layoutOf)
    : withinChannel(layouts, norm, layoutOf, d.shape.slice(2) as [number, number]);
}

function acrossChannels(
  layouts: Layouts,
  norm: NormArgs,
  layoutOf: (x: SyncedMem) => Layout,
): LRNOp {
  const { addon } = layouts;
  return {
    forward(x, y) {
      const layout = layoutOf(x);
      const [from, to] = [layouts.read(x, layout), layouts.write(y, layout)];
      addon.lrnAcross(...viewOf(layout), ...norm, from, to);
    },
    backward(x, _y, dy, dx) {
      const layout = layoutOf(x);
      const [value, gradient] = [layouts.read(x, layout), layouts.read(dy, layout)];
      addon.lrnAcrossBackward(
        ...viewOf(layout),
        ...norm,
        value,
        gradient,
        layouts.write(dx, layout),
      );
    },
  };
}

function withinChannel(
  layouts: Layouts,
  norm: NormArgs,
  layoutOf: (x: SyncedMem) => Layout,
  plane: readonly [height: number, width: number],
): LRNOp {
  const { addon } = layouts;
  return {
    forward(x, y) {
      const layout = layoutOf(x);
      const [from, to] = [layouts.read(x, layout), layouts.write(y, layout)];
      addon.lrnWithin(...viewOf(layout), ...plane, ...norm, from, to);
    },
    backward(x, y, dy, dx) {
      const layout = layoutOf(x);
      const [value, result] = [layouts.read(x, layout), layouts.read(y, layout)];
      const [gradient, to] = [layouts.read(dy, layout), layouts.write(dx, layout)];
      addon.lrnWithinBackward(...viewOf(layout), ...plane, ...norm, value, result, gradient, to);
    },
  };
}
