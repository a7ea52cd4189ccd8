import { aroundAxis } from "../../util/shape.ts";
import type {
  ChannelDescriptor,
  HingeLossDescriptor,
  LabelLossOp,
  SigmoidLossDescriptor,
  SoftmaxLossDescriptor,
  SoftmaxLossOp,
  SoftmaxOp,
} from "../engine.ts";
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
  const { count } = d;
  // No target's whole part is a half.
  const ignored = d.ignoreLabel ?? 0.5;
  const layout = layouts.plain([count]);
  return {
    forward(x, target, scale, loss) {
      const [values, targets] = [layouts.read(x, layout), layouts.read(target, layout)];
      loss.overwriteCpu()[0] = scale * addon.sigmoidLoss(count, ignored, values, targets);
    },
    backward(x, target, scale, dx) {
      const [values, targets] = [layouts.read(x, layout), layouts.read(target, layout)];
      const to = layouts.write(dx, layout);
      addon.sigmoidGradient(count, ignored, scale, values, targets, to);
    },
  };
}

/** One-against-all hinge loss. */
export function nativeHingeLoss(layouts: Layouts, d: HingeLossDescriptor): LabelLossOp {
  const { addon } = layouts;
  const { batch, classes } = d;
  const isSquared = d.norm === "L2";
  const [scores, labels] = [layouts.plain([batch, classes]), layouts.plain([batch])];
  return {
    forward(x, label, scale, loss) {
      const [values, right] = [layouts.read(x, scores), layouts.read(label, labels)];
      loss.overwriteCpu()[0] = scale * addon.hingeLoss(batch, classes, isSquared, values, right);
    },
    backward(x, label, scale, dx) {
      const [values, right] = [layouts.read(x, scores), layouts.read(label, labels)];
      const to = layouts.write(dx, scores);
      addon.hingeGradient(batch, classes, isSquared, scale, values, right, to);
    },
  };
}
