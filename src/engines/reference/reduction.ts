import type { ReductionDescriptor, ReductionOp } from "../engine.ts";

/** y(o) = c · Σ x, |x| or x² over the inner axes. */
export function referenceReduction(d: ReductionDescriptor): ReductionOp {
  const { operation, outer, inner } = d;
  const coeff = operation === "MEAN" ? d.coeff / inner : d.coeff;
  return {
    forward(xMem, yMem) {
      const [x, y] = [xMem.cpu(), yMem.overwriteCpu()];
      for (let o = 0, at = 0; o < outer; o++) {
        const end = at + inner;
        let sum = 0;
        if (operation === "ASUM") for (; at < end; at++) sum += Math.abs(x[at]!);
        else if (operation === "SUMSQ") for (; at < end; at++) sum += x[at]! * x[at]!;
        else for (; at < end; at++) sum += x[at]!;
        y[o] = coeff * sum;
      }
    },
    backward(xMem, dyMem, dxMem) {
      const [x, dy, dx] = [xMem.cpu(), dyMem.cpu(), dxMem.overwriteCpu()];
      for (let o = 0, at = 0; o < outer; o++) {
        const end = at + inner;
        const slope = coeff * dy[o]!;
        if (operation === "ASUM") for (; at < end; at++) dx[at] = slope * Math.sign(x[at]!);
        else if (operation === "SUMSQ") for (; at < end; at++) dx[at] = 2 * slope * x[at]!;
        else {
          dx.fill(slope, at, end);
          at = end;
        }
      }
    },
  };
}
