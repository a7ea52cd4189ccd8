import { countOf } from "../../util/shape.ts";
import type { ConcatDescriptor, ConcatOp } from "../engine.ts";
import type { Arrays } from "./arrays.ts";

/** Joins arrays along an axis: for each outer index the inputs' blocks lie one behind the other. */
export function wasmConcat(arrays: Arrays, { shapes, axis }: ConcatDescriptor): ConcatOp {
  const { copyBlocks } = arrays.kernels;
  const outer = countOf(shapes[0] ?? [], 0, axis);
  const blocks = shapes.map((shape) => countOf(shape, axis));
  const total = blocks.reduce((a, b) => a + b, 0);
  const starts = blocks.map((_, k) => blocks.slice(0, k).reduce((a, b) => a + b, 0));
  return {
    forward(xMems, yMem) {
      const xs = xMems.map((mem) => arrays.read(mem));
      const y = arrays.write(yMem);
      xs.forEach((x, k) => {
        copyBlocks(outer, blocks[k]!, x, blocks[k]!, y + 4 * starts[k]!, total);
      });
    },
    backward(dyMem, dxMems) {
      const dy = arrays.read(dyMem);
      dxMems.forEach((mem, k) => {
        if (!mem) return;
        copyBlocks(outer, blocks[k]!, dy + 4 * starts[k]!, total, arrays.write(mem), blocks[k]!);
      });
    },
  };
}
