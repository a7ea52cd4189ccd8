import { aroundAxis } from "../../util/shape.ts";
import type {
  HingeLossDescriptor,
  LabelLossOp,
  SigmoidLossDescriptor,
  SoftmaxLossDescriptor,
  SoftmaxLossOp,
} from "../engine.ts";
import { referenceSoftmax } from "./softmax.ts";

/** The smallest normal float: what the log loss takes a probability of 0 for, as Caffe's FLT_MIN. */
const FLT_MIN = 1.1754943508222875e-38;

/** Softmax, and −log of the label's probability summed over all positions. */
export function referenceSoftmaxLoss(d: SoftmaxLossDescriptor): SoftmaxLossOp {
  const [outer, channels, inner] = aroundAxis(d.shape, d.axis);
  const softmax = referenceSoftmax(d);
  return {
    forward(x, labelMem, probMem, scale, lossMem) {
      softmax.forward(x, probMem);
      const [label, prob] = [labelMem.cpu(), probMem.cpu()];
      let loss = 0;
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          const l = Math.trunc(label[o * inner + i]!);
          if (l === d.ignoreLabel) continue;
          loss -= Math.log(Math.max(prob[(o * channels + l) * inner + i]!, FLT_MIN));
        }
      }
      lossMem.overwriteCpu()[0] = scale * loss;
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

/** −Σ t·log σ(x) + (1 − t)·log(1 − σ(x)), with no exponent above 0. */
export function referenceSigmoidLoss({ count, ignoreLabel }: SigmoidLossDescriptor): LabelLossOp {
  return {
    forward(xMem, targetMem, scale, lossMem) {
      const [x, target] = [xMem.cpu(), targetMem.cpu()];
      let sum = 0;
      for (let i = 0; i < count; i++) {
        if (Math.trunc(target[i]!) === ignoreLabel) continue;
        const v = x[i]!;
        sum -= v * (target[i]! - (v >= 0 ? 1 : 0)) - Math.log1p(Math.exp(-Math.abs(v)));
      }
      lossMem.overwriteCpu()[0] = scale * sum;
    },
    backward(xMem, targetMem, scale, dxMem) {
      const [x, target, dx] = [xMem.cpu(), targetMem.cpu(), dxMem.overwriteCpu()];
      for (let i = 0; i < count; i++) {
        const isCounted = Math.trunc(target[i]!) !== ignoreLabel;
        dx[i] = isCounted ? scale * (1 / (1 + Math.exp(-x[i]!)) - target[i]!) : 0;
      }
    },
  };
}

/** Σ max(0, 1 − s·x)ᵖ. */
export function referenceHingeLoss({ batch, classes, norm }: HingeLossDescriptor): LabelLossOp {
  const isSquared = norm === "L2";
  return {
    forward(xMem, labelMem, scale, lossMem) {
      const [x, label] = [xMem.cpu(), labelMem.cpu()];
      let sum = 0;
      for (let n = 0, at = 0; n < batch; n++) {
        const right = Math.trunc(label[n]!);
        for (let c = 0; c < classes; c++, at++) {
          const gap = Math.max(0, 1 + (c === right ? -x[at]! : x[at]!));
          sum += isSquared ? gap * gap : gap;
        }
      }
      lossMem.overwriteCpu()[0] = scale * sum;
    },
    backward(xMem, labelMem, scale, dxMem) {
      const [x, label, dx] = [xMem.cpu(), labelMem.cpu(), dxMem.overwriteCpu()];
      for (let n = 0, at = 0; n < batch; n++) {
        const right = Math.trunc(label[n]!);
        for (let c = 0; c < classes; c++, at++) {
          const sign = c === right ? -1 : 1;
          const gap = Math.max(0, 1 + sign * x[at]!);
          dx[at] = sign * scale * (isSquared ? 2 * gap : Math.sign(gap));
        }
      }
    },
  };
}
