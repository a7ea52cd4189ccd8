import { countOf } from "../../util/shape.ts";
import type {
  ChannelDescriptor,
  SoftmaxLossDescriptor,
  SoftmaxLossOp,
  SoftmaxOp,
} from "../engine.ts";

/** The smallest normal float: what the log loss takes a probability of 0 for, as Caffe's FLT_MIN. */
const FLT_MIN = 1.1754943508222875e-38;

/** (outer, channels, inner) of a shape around an axis. */
export function around({ shape, axis }: ChannelDescriptor): readonly [number, number, number] {
  return [countOf(shape, 0, axis), shape[axis] ?? 1, countOf(shape, axis + 1)];
}

/** y = e^(x − max) / Σ e^(x − max); dx = y · (dy − Σ dy·y). */
export function referenceSoftmax(d: ChannelDescriptor): SoftmaxOp {
  const [outer, channels, inner] = around(d);
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

/** Softmax, and −log of the label's probability summed over all positions. */
export function referenceSoftmaxLoss(d: SoftmaxLossDescriptor): SoftmaxLossOp {
  const [outer, channels, inner] = around(d);
  const softmax = referenceSoftmax(d);
  return {
    forward(x, labelMem, probMem) {
      softmax.forward(x, probMem);
      const [label, prob] = [labelMem.cpu(), probMem.cpu()];
      let loss = 0;
      let valid = 0;
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          const l = Math.trunc(label[o * inner + i]!);
          if (l === d.ignoreLabel) continue;
          loss -= Math.log(Math.max(prob[(o * channels + l) * inner + i]!, FLT_MIN));
          valid++;
        }
      }
      return { loss, valid };
    },
    backward(probMem, labelMem, scale, dxMem) {
      const [prob, label, dx] = [probMem.cpu(), labelMem.cpu(), dxMem.overwriteCpu()];
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          const l = Math.trunc(label[o * inner + i]!);
          for (let c = 0; c < channels; c++) {
            const at = (o * channels + c) * inner + i;
            dx[at] = l === d.ignoreLabel ? 0 : scale * (prob[at]! - (c === l ? 1 : 0));
          }
        }
      }
    },
  };
}
