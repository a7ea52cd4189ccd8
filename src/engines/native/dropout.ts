import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { RandomKey } from "../../util/random-bits.ts";
import type { DropoutDescriptor, DropoutOp } from "../engine.ts";
import type { Layout, ViewArgs } from "./addon.ts";
import { type Layouts, viewOf } from "./layouts.ts";

/** The slope below zero where there is no rectifier. */
export const STRAIGHT = 1;

/** Dropout in the layout the bottom lies in; the mask is drawn again for backward. */
export function nativeDropout(layouts: Layouts, { shape, ratio }: DropoutDescriptor): DropoutOp {
  const drop = (x: SyncedMem, y: SyncedMem, [stream, pass]: RandomKey): void => {
    const layout = layouts.currentOf(x, shape, "blocks");
    const source = layouts.read(x, layout);
    const view = layout.isPlain ? rowsOf(layout) : viewOf(layout);
    layouts.addon.dropout(...view, ratio, stream, pass, STRAIGHT, source, layouts.write(y, layout));
  };
  return { forward: drop, backward: drop };
}

/** A plain array as rows: its elements are counted in their order, wherever the axes are. */
function rowsOf({ dims, count }: Layout): ViewArgs {
  const rows = dims[0] ?? 1;
  return [1, rows, rows === 0 ? 0 : count / rows, 1];
}
