import { aroundAxis } from "../../util/shape.ts";
import type { AccuracyDescriptor, AccuracyOp, ArgMaxDescriptor, ArgMaxOp } from "../engine.ts";
import type { Layouts } from "./layouts.ts";

/** How many labels are right, parallel over positions. */
export function nativeAccuracy(layouts: Layouts, d: AccuracyDescriptor): AccuracyOp {
  const { shape, axis, topK, ignoreLabel } = d;
  const layout = layouts.plain(shape);
  const [outer, classes, inner] = aroundAxis(shape, axis);
  // Labels are checked to be 0 or more.
  const ignored = ignoreLabel ?? -1;
  return {
    forward(x, label, accuracy, perClass) {
      accuracy.overwriteCpu()[0] = layouts.addon.accuracy(
        outer,
        classes,
        inner,
        topK,
        ignored,
        layouts.read(x, layout),
        label.cpu() as Float32Array,
        perClass?.overwriteCpu() as Float32Array | undefined,
      );
    },
  };
}

/** The greatest values of each row, parallel over rows. */
export function nativeArgMax(layouts: Layouts, d: ArgMaxDescriptor): ArgMaxOp {
  const { outer, length, inner, topK } = d;
  const wants = ["indices", "values", "both"].indexOf(d.wants);
  const layout = layouts.plain([outer, length, inner]);
  return {
    forward(x, y) {
      const to = y.overwriteCpu() as Float32Array;
      layouts.addon.argMax(outer, length, inner, topK, wants, layouts.read(x, layout), to);
    },
  };
}
