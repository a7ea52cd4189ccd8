import { countOf } from "../../util/shape.ts";
import type { LRNDescriptor, LRNOp } from "../engine.ts";
import type { Arrays } from "./arrays.ts";
import type { Block } from "./heap.ts";

/** Response normalisation across channels; undefined within a channel. */
export function wasmLRN(arrays: Arrays, d: LRNDescriptor): LRNOp | undefined {
  if (d.region !== "ACROSS_CHANNELS") return undefined;
  const { kernels } = arrays;
  const count = countOf(d.shape);
  const [images, channels, height, width] = d.shape;
  const around = [images, channels, height * width, (d.localSize - 1) / 2] as const;
  const factor = (2 * d.alpha * d.beta) / d.localSize;
  let scale: Block | undefined;
  return {
    forward(xMem, yMem) {
      const x = arrays.read(xMem);
      scale ??= arrays.heap.keep(count);
      const { at } = scale;
      arrays.lend(count, (squares) => {
        kernels.lrnScale(...around, d.k, d.alpha / d.localSize, x, squares, at);
      });
      kernels.lrnForward(count, d.beta, x, at, arrays.write(yMem));
    },
    backward(xMem, yMem, dyMem, dxMem) {
      const [x, y, dy] = [arrays.read(xMem), arrays.read(yMem), arrays.read(dyMem)];
      const dx = arrays.write(dxMem);
      const { at } = scale as Block;
      arrays.lend(count, (ratios) => {
        arrays.lend(count, (sums) => {
          kernels.lrnBackward(...around, d.beta, factor, x, y, at, dy, ratios, sums, dx);
        });
      });
    },
  };
}
