import type { Engine } from "../engine.ts";
import type { Arrays } from "./arrays.ts";

type Vectors = Pick<Engine, "copy" | "axpby" | "asum" | "sumOfSquares">;

/** Vector arithmetic; sums in double precision. */
export function wasmVectors(arrays: Arrays): Vectors {
  const { kernels } = arrays;
  return {
    copy(count, x, y) {
      const from = arrays.read(x);
      kernels.copyBlocks(1, count, from, 0, arrays.write(y), 0);
    },
    axpby(count, alpha, x, beta, y) {
      const from = arrays.read(x);
      if (beta === 0) kernels.scaled(count, alpha, from, arrays.write(y));
      else kernels.axpby(count, alpha, from, beta, arrays.update(y));
    },
    asum: (count, x) => (x.isZero ? 0 : kernels.absoluteSum(count, arrays.read(x))),
    sumOfSquares(count, x) {
      if (x.isZero) return 0;
      const from = arrays.read(x);
      return kernels.dot(count, from, from);
    },
  };
}
