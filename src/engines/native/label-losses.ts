import { aroundAxis } from "../../util/shape.ts";
import type {
  ContrastiveLossDescriptor,
  ContrastiveLossOp,
  InfogainLossDescriptor,
  InfogainLossOp,
  MultinomialLossDescriptor,
  MultinomialLossOp,
} from "../engine.ts";
import type { Places } from "./places.ts";

/** The log loss of given probabilities. */
export function nativeMultinomialLoss(
  places: Places,
  { batch, classes }: MultinomialLossDescriptor,
): MultinomialLossOp {
  const { addon } = places;
  const [rows, labels] = [places.plain([batch, classes]), places.plain([batch])];
  return {
    forward(p, label, scale, loss) {
      const [values, right] = [places.read(p, rows), places.read(label, labels)];
      loss.overwriteCpu()[0] = scale * addon.multinomialLoss(batch, classes, values, right);
    },
    backward(p, label, scale, dp) {
      const [values, right] = [places.read(p, rows), places.read(label, labels)];
      addon.multinomialGradient(batch, classes, scale, values, right, places.write(dp, rows));
    },
  };
}

/** The log loss by a matrix, parallel over positions. */
export function nativeInfogainLoss(places: Places, d: InfogainLossDescriptor): InfogainLossOp {
  const { addon } = places;
  const { shape, axis, ignoreLabel } = d;
  const layout = places.plain(shape);
  const [outer, classes, inner] = aroundAxis(shape, axis);
  const matrix = places.plain([classes, classes]);
  // Labels are checked to be 0 or more.
  const sizes = [outer, classes, inner, ignoreLabel ?? -1] as const;
  return {
    forward(p, label, h, scale, loss) {
      const [values, worth] = [places.read(p, layout), places.read(h, matrix)];
      const sum = addon.infogainLoss(...sizes, values, label.cpu() as Float32Array, worth);
      loss.overwriteCpu()[0] = scale * sum;
    },
    backward(p, label, h, scale, dx) {
      const [values, worth] = [places.read(p, layout), places.read(h, matrix)];
      const labels = label.cpu() as Float32Array;
      addon.infogainGradient(...sizes, scale, values, labels, worth, places.write(dx, layout));
    },
  };
}

/** Pair by pair; the distance is computed anew in backward. */
export function nativeContrastiveLoss(
  places: Places,
  d: ContrastiveLossDescriptor,
): ContrastiveLossOp {
  const { addon } = places;
  const [rows, ones] = [places.plain([d.pairs, d.channels]), places.plain([d.pairs])];
  const sizes = [d.pairs, d.channels, d.margin, d.isLegacy] as const;
  return {
    forward(a, b, similar, scale, loss) {
      const [first, second] = [places.read(a, rows), places.read(b, rows)];
      const sum = addon.contrastiveLoss(...sizes, first, second, places.read(similar, ones));
      loss.overwriteCpu()[0] = scale * sum;
    },
    backward(a, b, similar, scale, da) {
      const [first, second] = [places.read(a, rows), places.read(b, rows)];
      const alike = places.read(similar, ones);
      addon.contrastiveGradient(...sizes, scale, first, second, alike, places.write(da, rows));
    },
  };
}
