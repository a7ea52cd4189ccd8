import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { RandomKey } from "../../util/random-bits.ts";
import type { DropoutDescriptor, DropoutOp } from "../engine.ts";
import type { Layout, ViewArgs } from "./addon.ts";
import { type Places, viewOf } from "./places.ts";

/** The slope below zero of what rectifies nothing. */
export const STRAIGHT = 1;

/** Dropout in the layout the bottom lies in; the mask is drawn again for backward. */
export function nativeDropout(places: Places, { shape, ratio }: DropoutDescriptor): DropoutOp {
  const drop = (x: SyncedMem, y: SyncedMem, [stream, pass]: RandomKey): void => {
    const layout = places.currentOf(x, shape, "blocks");
    const source = places.read(x, layout);
    const view = layout.isPlain ? rowsOf(layout) : viewOf(layout);
    places.addon.dropout(...view, ratio, stream, pass, STRAIGHT, source, places.write(y, layout));
  };
  return { forward: drop, backward: drop };
}

/** A plain array as rows: its elements are counted in their order, wherever the axes are. */
function rowsOf({ dims, count }: Layout): ViewArgs {
  const rows = dims[0] ?? 1;
  return [1, rows, rows === 0 ? 0 : count / rows, 1];
}
