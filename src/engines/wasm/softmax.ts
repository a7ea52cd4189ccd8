import { aroundAxis } from "../../util/shape.ts";
import type {
  ChannelDescriptor,
  SoftmaxLossDescriptor,
  SoftmaxLossOp,
  SoftmaxOp,
} from "../engine.ts";
import type { Arrays } from "./arrays.ts";

/** y = e^(x − max) / Σ e^(x − max); dx = y · (dy − Σ dy·y). */
export function wasmSoftmax(arrays: Arrays, { shape, axis }: ChannelDescriptor): SoftmaxOp {
  const { kernels } = arrays;
  const view = aroundAxis(shape, axis);
  return {
    forward(x, y) {
      const from = arrays.read(x);
      kernels.softmax(...view, from, arrays.write(y));
    },
    backward(y, dy, dx) {
      const [value, gradient] = [arrays.read(y), arrays.read(dy)];
      kernels.softmaxBackward(...view, value, gradient, arrays.write(dx));
    },
  };
}

/** Softmax, and −log of the label's probability summed over all positions. */
export function wasmSoftmaxLoss(arrays: Arrays, d: SoftmaxLossDescriptor): SoftmaxLossOp {
  const { kernels } = arrays;
  const view = aroundAxis(d.shape, d.axis);
  const softmax = wasmSoftmax(arrays, d);
  /** Stands for "no label is ignored": labels are checked to be 0 or more. */
  const ignored = d.ignoreLabel ?? -1;
  return {
    forward(x, label, prob, scale, loss) {
      softmax.forward(x, prob);
      const sum = kernels.labelLoss(...view, ignored, arrays.read(prob), arrays.read(label));
      loss.overwriteCpu()[0] = scale * sum;
    },
    backward(prob, label, scale, dx) {
      const [value, right] = [arrays.read(prob), arrays.read(label)];
      kernels.labelGradient(...view, ignored, scale, value, right, arrays.write(dx));
    },
  };
}
