import type { BiasOp, BroadcastDescriptor, ScaleOp } from "../engine.ts";

/** y(o, l, i) = x(o, l, i) · scale(l) + bias(l). */
export function referenceScale({ outer, length, inner }: BroadcastDescriptor): ScaleOp {
  return {
    forward(xMem, scaleMem, biasMem, yMem) {
      const [x, scale, bias] = [xMem.cpu(), scaleMem.cpu(), biasMem?.cpu()];
      const y = yMem.overwriteCpu();
      for (let o = 0, at = 0; o < outer; o++) {
        for (let l = 0; l < length; l++) {
          const [a, b] = [scale[l]!, bias ? bias[l]! : 0];
          for (let i = 0; i < inner; i++, at++) y[at] = x[at]! * a + b;
        }
      }
    },
    backwardData(dyMem, scaleMem, dxMem) {
      const [dy, scale, dx] = [dyMem.cpu(), scaleMem.cpu(), dxMem.overwriteCpu()];
      for (let o = 0, at = 0; o < outer; o++) {
        for (let l = 0; l < length; l++) {
          for (let i = 0; i < inner; i++, at++) dx[at] = dy[at]! * scale[l]!;
        }
      }
    },
    backwardParams(xMem, dyMem, dScaleMem, dBiasMem) {
      const [x, dy] = [xMem.cpu(), dyMem.cpu()];
      const [dScale, dBias] = [dScaleMem?.mutableCpu(), dBiasMem?.mutableCpu()];
      for (let l = 0; l < length; l++) {
        let [dot, sum] = [0, 0];
        for (let o = 0; o < outer; o++) {
          const from = (o * length + l) * inner;
          for (let i = 0; i < inner; i++) {
            dot += x[from + i]! * dy[from + i]!;
            sum += dy[from + i]!;
          }
        }
        if (dScale) dScale[l]! += dot;
        if (dBias) dBias[l]! += sum;
      }
    },
  };
}

/** y(o, l, i) = x(o, l, i) + bias(l). */
export function referenceBias({ outer, length, inner }: BroadcastDescriptor): BiasOp {
  return {
    forward(xMem, biasMem, yMem) {
      const [x, bias, y] = [xMem.cpu(), biasMem.cpu(), yMem.overwriteCpu()];
      for (let o = 0, at = 0; o < outer; o++) {
        for (let l = 0; l < length; l++) {
          for (let i = 0; i < inner; i++, at++) y[at] = x[at]! + bias[l]!;
        }
      }
    },
    backwardBias(dyMem, dBiasMem) {
      const [dy, dBias] = [dyMem.cpu(), dBiasMem.mutableCpu()];
      for (let l = 0; l < length; l++) {
        let sum = 0;
        for (let o = 0; o < outer; o++) {
          const from = (o * length + l) * inner;
          for (let i = 0; i < inner; i++) sum += dy[from + i]!;
        }
        dBias[l]! += sum;
      }
    },
  };
}
