import { countOf } from "../../util/shape.ts";
import type {
  ChannelDescriptor,
  SoftmaxLossDescriptor,
  SoftmaxLossOp,
  SoftmaxOp,
} from "../engine.ts";
import type { Places } from "./places.ts";

/** Softmax over plain memory, parallel over positions. */
export function nativeSoftmax(places: Places, { shape, axis }: ChannelDescriptor): SoftmaxOp {
  const { addon } = places;
  const layout = places.plain(shape);
  const outer = countOf(shape, 0, axis);
  const channels = shape[axis] ?? 1;
  const inner = countOf(shape, axis + 1);
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
  const outer = countOf(shape, 0, axis);
  const channels = shape[axis] ?? 1;
  const inner = countOf(shape, axis + 1);
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
