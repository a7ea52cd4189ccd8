import { aroundAxis } from "../../util/shape.ts";
import type {
  ChannelDescriptor,
  HingeLossDescriptor,
  HingeLossOp,
  SigmoidLossDescriptor,
  SigmoidLossOp,
  SoftmaxLossDescriptor,
  SoftmaxLossOp,
  SoftmaxOp,
} from "../engine.ts";
import type { Places } from "./places.ts";

/** Softmax over plain memory, parallel over positions. */
export function nativeSoftmax(places: Places, { shape, axis }: ChannelDescriptor): SoftmaxOp {
  const { addon } = places;
  const layout = places.plain(shape);
  const [outer, channels, inner] = aroundAxis(shape, axis);
  return {
    forward(x, y) {
      addon.softmax(outer, channels, inner, places.read(x, layout), places.write(y, layout));
    },
    backward(y, dy, dx) {
      const [value, gradient] = [places.read(y, layout), places.read(dy, layout)];
      addon.softmaxBackward(outer, channels, inner, value, gradient, places.write(dx, layout));
    },
  };
}

/** Softmax, and −log of the label's probability summed over all positions (one read for each label). */
export function nativeSoftmaxLoss(places: Places, d: SoftmaxLossDescriptor): SoftmaxLossOp {
  const { addon } = places;
  const { shape, axis, ignoreLabel } = d;
  const layout = places.plain(shape);
  const [outer, channels, inner] = aroundAxis(shape, axis);
  const softmax = nativeSoftmax(places, d);
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
        places.write(dx, layout),
      );
    },
  };
}

/** The log loss of σ(x) against targets. */
export function nativeSigmoidLoss(places: Places, d: SigmoidLossDescriptor): SigmoidLossOp {
  const { addon } = places;
  const { count } = d;
  // No target's whole part is a half.
  const ignored = d.ignoreLabel ?? 0.5;
  const layout = places.plain([count]);
  return {
    forward(x, target, scale, loss) {
      const [values, targets] = [places.read(x, layout), places.read(target, layout)];
      loss.overwriteCpu()[0] = scale * addon.sigmoidLoss(count, ignored, values, targets);
    },
    backward(x, target, scale, dx) {
      const [values, targets] = [places.read(x, layout), places.read(target, layout)];
      const to = places.write(dx, layout);
      addon.sigmoidGradient(count, ignored, scale, values, targets, to);
    },
  };
}

/** One-against-all hinge loss. */
export function nativeHingeLoss(places: Places, d: HingeLossDescriptor): HingeLossOp {
  const { addon } = places;
  const { batch, classes } = d;
  const isSquared = d.norm === "L2";
  const [scores, labels] = [places.plain([batch, classes]), places.plain([batch])];
  return {
    forward(x, label, scale, loss) {
      const [values, right] = [places.read(x, scores), places.read(label, labels)];
      loss.overwriteCpu()[0] = scale * addon.hingeLoss(batch, classes, isSquared, values, right);
    },
    backward(x, label, scale, dx) {
      const [values, right] = [places.read(x, scores), places.read(label, labels)];
      const to = places.write(dx, scores);
      addon.hingeGradient(batch, classes, isSquared, scale, values, right, to);
    },
  };
}
