import type { BroadcastDescriptor, PReLUOp } from "../engine.ts";

/** y(o, l, i) = x > 0 ? x : slope(l) · x. */
export function referencePReLU({ outer, length, inner }: BroadcastDescriptor): PReLUOp {
  return {
    forward(xMem, slopeMem, yMem) {
      const [x, slope, y] = [xMem.cpu(), slopeMem.cpu(), yMem.overwriteCpu()];
      for (let o = 0, at = 0; o < outer; o++) {
        for (let l = 0; l < length; l++) {
          const a = slope[l]!;
          for (let i = 0; i < inner; i++, at++) y[at] = x[at]! > 0 ? x[at]! : a * x[at]!;
        }
      }
    },
    backwardData(xMem, slopeMem, dyMem, dxMem) {
      const [x, slope, dy, dx] = [xMem.cpu(), slopeMem.cpu(), dyMem.cpu(), dxMem.overwriteCpu()];
      for (let o = 0, at = 0; o < outer; o++) {
        for (let l = 0; l < length; l++) {
          const a = slope[l]!;
          for (let i = 0; i < inner; i++, at++) dx[at] = x[at]! > 0 ? dy[at]! : a * dy[at]!;
        }
      }
    },
    backwardSlope(xMem, dyMem, dSlopeMem) {
      const [x, dy, dSlope] = [xMem.cpu(), dyMem.cpu(), dSlopeMem.mutableCpu()];
      for (let l = 0; l < length; l++) {
        let sum = 0;
        for (let o = 0; o < outer; o++) {
          const from = (o * length + l) * inner;
          for (let at = from; at < from + inner; at++) sum += dy[at]! * Math.min(x[at]!, 0);
        }
        dSlope[l]! += sum;
      }
    },
  };
}
