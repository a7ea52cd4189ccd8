import { countOf } from "../../util/shape.ts";
import type { EltwiseDescriptor, EltwiseOp } from "../engine.ts";
import type { Arrays } from "./arrays.ts";
import type { Block } from "./heap.ts";

/** Sums with coefficients, products and maxima, one input after the other. */
export function wasmEltwise(arrays: Arrays, d: EltwiseDescriptor): EltwiseOp {
  const { kernels } = arrays;
  const { operation, coeffs, stableProdGrad } = d;
  const count = countOf(d.shape);
  let winner: Block | undefined;
  return {
    forward(xMems, yMem) {
      const xs = xMems.map((mem) => arrays.read(mem));
      const y = arrays.write(yMem);
      kernels.scaled(count, operation === "SUM" ? coeffs[0]! : 1, xs[0]!, y);
      if (operation === "MAX") {
        winner ??= arrays.heap.keep(count);
        arrays.heap.floats.fill(0, winner.at / 4, winner.at / 4 + count);
      }
      for (let k = 1; k < xs.length; k++) {
        if (operation === "SUM") kernels.axpby(count, coeffs[k]!, xs[k]!, 1, y);
        else if (operation === "PROD") kernels.multiplied(count, y, xs[k]!, y);
        else if (winner) kernels.maximum(count, k, k === 1, xs[k]!, y, winner.at);
      }
    },
    backward(xMems, yMem, dyMem, dxMems) {
      const dy = arrays.read(dyMem);
      dxMems.forEach((dxMem, k) => {
        if (!dxMem) return;
        if (operation === "PROD") {
          const xs = xMems.map((mem) => arrays.read(mem));
          const y = arrays.read(yMem);
          const dx = arrays.write(dxMem);
          if (!stableProdGrad) kernels.quotientGradient(count, xs[k]!, y, dy, dx);
          else {
            kernels.scaled(count, 1, dy, dx);
            for (const [j, x] of xs.entries()) if (j !== k) kernels.multiplied(count, dx, x, dx);
          }
          return;
        }
        const dx = arrays.write(dxMem);
        if (operation === "SUM") kernels.scaled(count, coeffs[k]!, dy, dx);
        else if (winner) kernels.maximumGradient(count, k, winner.at, dy, dx);
      });
    },
  };
}
