import { aroundAxis } from "../../util/shape.ts";
import type {
  ContrastiveLossDescriptor,
  ContrastiveLossOp,
  InfogainLossDescriptor,
  InfogainLossOp,
  LabelLossOp,
  MultinomialLossDescriptor,
} from "../engine.ts";
import type { Layouts } from "./layouts.ts";
import { labelLoss } from "./losses.ts";

/** The log loss of given probabilities. */
export function nativeMultinomialLoss(layouts: Layouts, d: MultinomialLossDescriptor): LabelLossOp {
  const { addon } = layouts;
  const sizes = [d.batch, d.classes] as const;
  return labelLoss(layouts, [d.batch, d.classes], [d.batch], {
    sum: (p, label) => addon.multinomialLoss(...sizes, p, label),
    gradient: (scale, p, label, dp) => addon.multinomialGradient(...sizes, scale, p, label, dp),
  });
}

/** The log loss by a matrix, parallel over positions. */
export function nativeInfogainLoss(layouts: Layouts, d: InfogainLossDescriptor): InfogainLossOp {
  const { addon } = layouts;
  const { shape, axis, ignoreLabel } = d;
  const layout = layouts.plain(shape);
  const [outer, classes, inner] = aroundAxis(shape, axis);
  const matrix = layouts.plain([classes, classes]);
  // Labels are checked to be 0 or more.
  const sizes = [outer, classes, inner, ignoreLabel ?? -1] as const;
  return {
    forward(p, label, h, scale, loss) {
      const [values, worth] = [layouts.read(p, layout), layouts.read(h, matrix)];
      const sum = addon.infogainLoss(...sizes, values, label.cpu() as Float32Array, worth);
      loss.overwriteCpu()[0] = scale * sum;
    },
    backward(p, label, h, scale, dx) {
      const [values, worth] = [layouts.read(p, layout), layouts.read(h, matrix)];
      const labels = label.cpu() as Float32Array;
      addon.infogainGradient(...sizes, scale, values, labels, worth, layouts.write(dx, layout));
    },
  };
}

/** Pair by pair; the distance is computed anew in backward. */
export function nativeContrastiveLoss(
  layouts: Layouts,
  d: ContrastiveLossDescriptor,
): ContrastiveLossOp {
  const { addon } = layouts;
  const [rows, ones] = [layouts.plain([d.pairs, d.channels]), layouts.plain([d.pairs])];
  const sizes = [d.pairs, d.channels, d.margin, d.isLegacy] as const;
  return {
    forward(a, b, similar, scale, loss) {
      const [first, second] = [layouts.read(a, rows), layouts.read(b, rows)];
      const sum = addon.contrastiveLoss(...sizes, first, second, layouts.read(similar, ones));
      loss.overwriteCpu()[0] = scale * sum;
    },
    backward(a, b, similar, scale, da) {
      const [first, second] = [layouts.read(a, rows), layouts.read(b, rows)];
      const alike = layouts.read(similar, ones);
      addon.contrastiveGradient(...sizes, scale, first, second, alike, layouts.write(da, rows));
    },
  };
}
