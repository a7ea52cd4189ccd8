import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { RandomKey } from "../../util/random-bits.ts";
import { countOf } from "../../util/shape.ts";
import type { DropoutDescriptor, DropoutOp } from "../engine.ts";
import type { Arrays } from "./arrays.ts";

/** y = 0 where the element's word is below ratio · 2³², else x / (1 − ratio); the mask is drawn again for backward. */
export function wasmDropout(arrays: Arrays, { shape, ratio }: DropoutDescriptor): DropoutOp {
  const count = countOf(shape);
  const threshold = Math.floor(ratio * 2 ** 32);
  const scale = 1 / (1 - ratio);
  const drop = (x: SyncedMem, y: SyncedMem, [stream, pass]: RandomKey): void => {
    const from = arrays.read(x);
    arrays.kernels.dropout(count, threshold, scale, stream, pass, from, arrays.write(y));
  };
  return { forward: drop, backward: drop };
}
