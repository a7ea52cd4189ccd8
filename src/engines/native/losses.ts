import { aroundAxis, type Shape } from "../../util/shape.ts";
import type {
  ChannelDescriptor,
  HingeLossDescriptor,
  LabelLossOp,
  SigmoidLossDescriptor,
  SoftmaxLossDescriptor,
  SoftmaxLossOp,
  SoftmaxOp,
} from "../engine.ts";
import type { Buffer } from "./addon.ts";
import type { Layouts } from "./layouts.ts";

/** Softmax over plain memory, parallel over positions. */
export function nativeSoftmax(layouts: Layouts, { shape, axis }: ChannelDescriptor): SoftmaxOp {
  const { addon } = layouts;
  const layout = layouts.plain(shape);
  const [outer, channels, inner] = aroundAxis(shape, axis);
  return {
    forward(x, y) {
      addon.softmax(outer, channels, inner, layouts.read(x, layout), layouts.write(y, layout));
    },
    backward(y, dy, dx) {
      const [value, gradient] = [layouts.read(y, layout), layouts.read(dy, layout)];
      addon.softmaxBackward(outer, channels, inner, value, gradient, layouts.write(dx, layout));
    },
  };
}

/** Softmax, and −log of the label's probability summed over all positions (one read for each label). */
export function nativeSoftmaxLoss(layouts: Layouts, d: SoftmaxLossDescriptor): SoftmaxLossOp {
  const { addon } = layouts;
  const { shape, axis, ignoreLabel } = d;
  const layout = layouts.plain(shape);
  const [outer, channels, inner] = aroundAxis(shape, axis);
  const softmax = nativeSoftmax(layouts, d);
  /** Stands for "no label is ignored": labels are checked to be 0 or more. */
  const ignored = ignoreLabel ?? -1;
  return {
    forward(x, label, prob, scale, loss) {
      softmax.forward(x, prob);
      const sum = addon.labelLoss(
        outer,
        channels,
        inner,
        ignored,
        prob.cpu() as Float32Array,
        label.cpu() as Float32Array,
      );
      loss.overwriteCpu()[0] = scale * sum;
    },
    backward(prob, label, scale, dx) {
      addon.labelGradient(
        outer,
        channels,
        inner,
        ignored,
        scale,
        prob.cpu() as Float32Array,
        label.cpu() as Float32Array,
        layouts.write(dx, layout),
      );
    },
  };
}

/** The log loss of σ(x) against targets. */
export function nativeSigmoidLoss(layouts: Layouts, d: SigmoidLossDescriptor): LabelLossOp {
  const { addon } = layouts;
  // No target's whole part is a half.
  const sizes = [d.count, d.ignoreLabel ?? 0.5] as const;
  return labelLoss(layouts, [d.count], [d.count], {
    sum: (x, target) => addon.sigmoidLoss(...sizes, x, target),
    gradient: (scale, x, target, dx) => addon.sigmoidGradient(...sizes, scale, x, target, dx),
  });
}

/** One-against-all hinge loss. */
export function nativeHingeLoss(layouts: Layouts, d: HingeLossDescriptor): LabelLossOp {
  const { addon } = layouts;
  const sizes = [d.batch, d.classes, d.norm === "L2"] as const;
  return labelLoss(layouts, [d.batch, d.classes], [d.batch], {
    sum: (x, label) => addon.hingeLoss(...sizes, x, label),
    gradient: (scale, x, label, dx) => addon.hingeGradient(...sizes, scale, x, label, dx),
  });
}

/** The addon's two functions of a loss: E, and scale · ∂E/∂x. */
interface LossFunctions {
  sum(x: Buffer, label: Buffer): number;
  gradient(scale: number, x: Buffer, label: Buffer, dx: Buffer): void;
}

/** A loss of scores and labels of these shapes, over plain memory. */
export function labelLoss(
  layouts: Layouts,
  scores: Shape,
  labels: Shape,
  { sum, gradient }: LossFunctions,
): LabelLossOp {
  const [ofScores, ofLabels] = [layouts.plain(scores), layouts.plain(labels)];
  return {
    forward(x, label, scale, loss) {
      const [values, right] = [layouts.read(x, ofScores), layouts.read(label, ofLabels)];
      loss.overwriteCpu()[0] = scale * sum(values, right);
    },
    backward(x, label, scale, dx) {
      const [values, right] = [layouts.read(x, ofScores), layouts.read(label, ofLabels)];
      gradient(scale, values, right, layouts.write(dx, ofScores));
    },
  };
}
