import { countOf } from "../../util/shape.ts";
import type { ConcatDescriptor, ConcatOp } from "../engine.ts";

/** Joins arrays along an axis: for each outer index the inputs' blocks lie one behind the other. */
export function referenceConcat({ shapes, axis }: ConcatDescriptor): ConcatOp {
  const outer = countOf(shapes[0] ?? [], 0, axis);
  const blocks = shapes.map((shape) => countOf(shape, axis));
  const total = blocks.reduce((a, b) => a + b, 0);
  return {
    forward(xMems, yMem) {
      const xs = xMems.map((mem) => mem.cpu());
      const y = yMem.overwriteCpu();
      let start = 0;
      xs.forEach((x, k) => {
        const size = blocks[k]!;
        for (let o = 0; o < outer; o++) {
          y.set(x.subarray(o * size, (o + 1) * size), o * total + start);
        }
        start += size;
      });
    },
    backward(dyMem, dxMems) {
      const dy = dyMem.cpu();
      let start = 0;
      dxMems.forEach((dxMem, k) => {
        const size = blocks[k]!;
        const dx = dxMem?.overwriteCpu();
        for (let o = 0; o < outer && dx; o++) {
          const from = o * total + start;
          dx.set(dy.subarray(from, from + size), o * size);
        }
        start += size;
      });
    },
  };
}
