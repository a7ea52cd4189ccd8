import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { BiasOp, BroadcastDescriptor, ScaleOp } from "../engine.ts";
import type { Arrays } from "./arrays.ts";

/** y = x · scale (+ bias). */
export function wasmScale(arrays: Arrays, { outer, length, inner }: BroadcastDescriptor): ScaleOp {
  const { kernels } = arrays;
  const view = [outer, length, inner] as const;
  return {
    forward(x, scale, bias, y) {
      const [from, factors, shifts] = [
        arrays.read(x),
        arrays.read(scale),
        bias && arrays.read(bias),
      ];
      kernels.lines(...view, from, factors, shifts ?? 0, arrays.write(y));
    },
    backwardData(dy, scale, dx) {
      const [gradient, factors] = [arrays.read(dy), arrays.read(scale)];
      kernels.lines(...view, gradient, factors, 0, arrays.write(dx));
    },
    backwardParams(x, dy, dScale, dBias) {
      const gradient = arrays.read(dy);
      if (dScale) {
        const value = arrays.read(x);
        const fill = (at: number): void => kernels.channelDots(...view, value, gradient, at);
        arrays.addSums(length, fill, dScale);
      }
      if (dBias) addRowSums(arrays, view, dy, dBias);
    },
  };
}

/** y = x + bias. */
export function wasmBias(arrays: Arrays, { outer, length, inner }: BroadcastDescriptor): BiasOp {
  const view = [outer, length, inner] as const;
  return {
    forward(x, bias, y) {
      const [from, shifts] = [arrays.read(x), arrays.read(bias)];
      arrays.kernels.lines(...view, from, 0, shifts, arrays.write(y));
    },
    backwardBias: (dy, dBias) => addRowSums(arrays, view, dy, dBias),
  };
}

function addRowSums(
  arrays: Arrays,
  view: readonly [outer: number, length: number, inner: number],
  dy: SyncedMem,
  dBias: SyncedMem,
): void {
  const gradient = arrays.read(dy);
  const fill = (at: number): void => arrays.kernels.channelSums(...view, gradient, at);
  arrays.addSums(view[1], fill, dBias);
}
