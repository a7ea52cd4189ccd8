import { aroundAxis } from "../../util/shape.ts";
import type { AccuracyDescriptor, AccuracyOp, ArgMaxDescriptor, ArgMaxOp } from "../engine.ts";
import type { Places } from "./places.ts";

/** How many labels are right, parallel over positions. */
export function nativeAccuracy(places: Places, d: AccuracyDescriptor): AccuracyOp {
  const { shape, axis, topK, ignoreLabel } = d;
  const layout = places.plain(shape);
  const [outer, classes, inner] = aroundAxis(shape, axis);
  // Labels are checked to be 0 or more.
  const ignored = ignoreLabel ?? -1;
  return {
    forward(x, label, accuracy, perClass) {
      accuracy.overwriteCpu()[0] = places.addon.accuracy(
        outer,
        classes,
        inner,
        topK,
        ignored,
        places.read(x, layout),
        label.cpu() as Float32Array,
        perClass?.overwriteCpu() as Float32Array | undefined,
      );
    },
  };
}

/** The greatest values of each row, parallel over rows. */
export function nativeArgMax(places: Places, d: ArgMaxDescriptor): ArgMaxOp {
  const { outer, length, inner, topK } = d;
  const wants = ["indices", "values", "both"].indexOf(d.wants);
  const layout = places.plain([outer, length, inner]);
  return {
    forward(x, y) {
      const to = y.overwriteCpu() as Float32Array;
      places.addon.argMax(outer, length, inner, topK, wants, places.read(x, layout), to);
    },
  };
}
