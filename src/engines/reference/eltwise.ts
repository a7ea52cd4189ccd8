import { countOf } from "../../util/shape.ts";
import type { EltwiseDescriptor, EltwiseOp } from "../engine.ts";

/** Sum with coefficients, product, or maximum of arrays of one shape. */
export function referenceEltwise(d: EltwiseDescriptor): EltwiseOp {
  const count = countOf(d.shape);
  const winner = new Int32Array(d.operation === "MAX" ? count : 0);
  return {
    forward(xMems, yMem) {
      const xs = xMems.map((mem) => mem.cpu());
      const y = yMem.overwriteCpu();
      for (let i = 0; i < count; i++) {
        let value = d.operation === "SUM" ? d.coeffs[0]! * xs[0]![i]! : xs[0]![i]!;
        let best = 0;
        for (let k = 1; k < xs.length; k++) {
          const x = xs[k]![i]!;
          if (d.operation === "SUM") value += d.coeffs[k]! * x;
          else if (d.operation === "PROD") value *= x;
          else if (x > value || (k === 1 && !(value > x))) {
            value = x;
            best = k;
          }
        }
        y[i] = value;
        if (d.operation === "MAX") winner[i] = best;
      }
    },
    backward(xMems, yMem, dyMem, dxMems) {
      const dy = dyMem.cpu();
      dxMems.forEach((dxMem, k) => {
        if (!dxMem) return;
        if (d.operation === "PROD") {
          const xs = xMems.map((mem) => mem.cpu());
          const y = yMem.cpu();
          const dx = dxMem.overwriteCpu();
          for (let i = 0; i < count; i++) {
            let others = 1;
            if (d.stableProdGrad) {
              for (let j = 0; j < xs.length; j++) if (j !== k) others *= xs[j]![i]!;
            } else others = y[i]! / xs[k]![i]!;
            dx[i] = dy[i]! * others;
          }
          return;
        }
        const dx = dxMem.overwriteCpu();
        for (let i = 0; i < count; i++) {
          if (d.operation === "SUM") dx[i] = d.coeffs[k]! * dy[i]!;
          else dx[i] = winner[i] === k ? dy[i]! : 0;
        }
      });
    },
  };
}
