import { countOf } from "../../util/shape.ts";
import type { InnerProductDescriptor, LinearOp } from "../engine.ts";
import { slopeOf } from "../ops/rectifier-slope.ts";
import type { Arrays } from "./arrays.ts";
import type { Address } from "./kernels.ts";

/** Three matrix products; the result of a sum starts as what is there. */
export function wasmInnerProduct(arrays: Arrays, d: InnerProductDescriptor): LinearOp {
  const { kernels } = arrays;
  const m = d.input[0] ?? 1;
  const k = countOf(d.input, 1);
  const n = d.outputs;

  /** c = a·b, or aᵀ·b, of dense rows: c is rows×columns. */
  const multiply = (
    isTransposed: boolean,
    [rows, columns, length]: readonly [number, number, number],
    [a, b, c]: readonly [Address, Address, Address],
    adds: boolean,
  ): void => {
    const lda = isTransposed ? rows : length;
    arrays.lend(kernels.productScratch(rows, length), (scratch) => {
      const sizes = [rows, columns, length] as const;
      kernels.product(isTransposed, ...sizes, a, lda, b, columns, c, columns, adds, scratch);
    });
  };

  return {
    accepts: (posts) => slopeOf(posts) !== undefined,
    forward(xMem, wMem, bMem, yMem, posts = []) {
      const [x, w, b] = [arrays.read(xMem), arrays.read(wMem), bMem && arrays.read(bMem)];
      const y = arrays.write(yMem);
      if (b !== undefined) kernels.fillChannels(m, n, 1, b, y);
      if (d.transpose) multiply(false, [m, n, k], [x, w, y], b !== undefined);
      else kernels.rowProducts(m, n, k, x, k, w, k, y, n, b !== undefined);
      const slope = slopeOf(posts);
      if (slope !== undefined) kernels.rectify(m * n, slope, y, y);
    },
    backwardData(dyMem, wMem, dxMem) {
      const [dy, w, dx] = [arrays.read(dyMem), arrays.read(wMem), arrays.write(dxMem)];
      if (d.transpose) kernels.rowProducts(m, k, n, dy, n, w, n, dx, k, false);
      else multiply(false, [m, k, n], [dy, w, dx], false);
    },
    backwardWeights(xMem, dyMem, dwMem, dbMem) {
      const dy = arrays.read(dyMem);
      if (dwMem) {
        const x = arrays.read(xMem);
        // A gradient that is still zero is written; one that holds something is added to.
        const isSum = !dwMem.isZero;
        const dw = isSum ? arrays.update(dwMem) : arrays.write(dwMem);
        if (d.transpose) multiply(true, [k, n, m], [x, dy, dw], isSum);
        else multiply(true, [n, k, m], [dy, x, dw], isSum);
      }
      if (dbMem) arrays.addSums(n, (sums) => kernels.channelSums(m, n, 1, dy, sums), dbMem);
    },
  };
}
