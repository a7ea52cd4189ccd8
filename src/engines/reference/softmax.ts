import { aroundAxis } from "../../util/shape.ts";
import type { ChannelDescriptor, SoftmaxOp } from "../engine.ts";

/** y = e^(x − max) / Σ e^(x − max); dx = y · (dy − Σ dy·y). */
export function referenceSoftmax(d: ChannelDescriptor): SoftmaxOp {
  const [outer, channels, inner] = aroundAxis(d.shape, d.axis);
  return {
    forward(xMem, yMem) {
      const [x, y] = [xMem.cpu(), yMem.overwriteCpu()];
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          const from = o * channels * inner + i;
          let max = Number.NEGATIVE_INFINITY;
          for (let c = 0; c < channels; c++) max = Math.max(max, x[from + c * inner]!);
          let sum = 0;
          for (let c = 0; c < channels; c++) {
            const e = Math.exp(x[from + c * inner]! - max);
            y[from + c * inner] = e;
            sum += e;
          }
          for (let c = 0; c < channels; c++) y[from + c * inner]! /= sum;
        }
      }
    },
    backward(yMem, dyMem, dxMem) {
      const [y, dy, dx] = [yMem.cpu(), dyMem.cpu(), dxMem.overwriteCpu()];
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          const from = o * channels * inner + i;
          let dot = 0;
          for (let c = 0; c < channels; c++) dot += dy[from + c * inner]! * y[from + c * inner]!;
          for (let c = 0; c < channels; c++) {
            const at = from + c * inner;
            dx[at] = y[at]! * (dy[at]! - dot);
          }
        }
      }
    },
  };
}
