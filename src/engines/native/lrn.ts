import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { LRNDescriptor, LRNOp } from "../engine.ts";
import type { Layout, NormArgs } from "./addon.ts";
import { type Places, viewOf } from "./places.ts";

/** Response normalisation by loops, in the layout the bottom lies in: plain, or blocks of channels without padding. */
export function nativeLRN(places: Places, d: LRNDescriptor): LRNOp {
  const norm: NormArgs = [d.localSize, d.alpha, d.beta, d.k];
  const layoutOf = (x: SyncedMem): Layout => places.currentOf(x, d.shape, "blocks", "no padding");
  return d.region === "ACROSS_CHANNELS"
    ? acrossChannels(places, norm, layoutOf)
    : withinChannel(places, norm, layoutOf, d.shape.slice(2) as [number, number]);
}

function acrossChannels(places: Places, norm: NormArgs, layoutOf: (x: SyncedMem) => Layout): LRNOp {
  const { addon } = places;
  return {
    forward(x, y) {
      const layout = layoutOf(x);
      const [from, to] = [places.read(x, layout), places.write(y, layout)];
      addon.lrnAcross(...viewOf(layout), ...norm, from, to);
    },
    backward(x, _y, dy, dx) {
      const layout = layoutOf(x);
      const [value, gradient] = [places.read(x, layout), places.read(dy, layout)];
      addon.lrnAcrossBackward(
        ...viewOf(layout),
        ...norm,
        value,
        gradient,
        places.write(dx, layout),
      );
    },
  };
}

function withinChannel(
  places: Places,
  norm: NormArgs,
  layoutOf: (x: SyncedMem) => Layout,
  plane: readonly [height: number, width: number],
): LRNOp {
  const { addon } = places;
  return {
    forward(x, y) {
      const layout = layoutOf(x);
      const [from, to] = [places.read(x, layout), places.write(y, layout)];
      addon.lrnWithin(...viewOf(layout), ...plane, ...norm, from, to);
    },
    backward(x, y, dy, dx) {
      const layout = layoutOf(x);
      const [value, result] = [places.read(x, layout), places.read(y, layout)];
      const [gradient, to] = [places.read(dy, layout), places.write(dx, layout)];
      addon.lrnWithinBackward(...viewOf(layout), ...plane, ...norm, value, result, gradient, to);
    },
  };
}
