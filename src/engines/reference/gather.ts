import type { GatherDescriptor, GatherOp } from "../engine.ts";

/** y(i) = x(index(i)) row by row; backward adds each row's gradient to the row it came from. */
export function referenceGather({ size, picks }: GatherDescriptor): GatherOp {
  return {
    forward(xMem, indexMem, yMem) {
      const [x, index, y] = [xMem.cpu(), indexMem.cpu(), yMem.overwriteCpu()];
      for (let i = 0; i < picks; i++) {
        const from = Math.trunc(index[i]!) * size;
        y.set(x.subarray(from, from + size), i * size);
      }
    },
    backward(dyMem, indexMem, dxMem) {
      const [dy, index, dx] = [dyMem.cpu(), indexMem.cpu(), dxMem.mutableCpu()];
      for (let i = 0; i < picks; i++) {
        const to = Math.trunc(index[i]!) * size;
        for (let k = 0; k < size; k++) dx[to + k]! += dy[i * size + k]!;
      }
    },
  };
}
