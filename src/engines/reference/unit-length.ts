import type { FloatArray } from "../../util/arrays.ts";
import { aroundAxis } from "../../util/shape.ts";
import type { UnitLengthDescriptor, UnitLengthOp } from "../engine.ts";

/** Channels brought to length 1, in plain loops along each channel. */
export function referenceUnitLength({ shape, eps }: UnitLengthDescriptor): UnitLengthOp {
  const [outer, channels, inner] = aroundAxis(shape, 1);
  const norms = new Float64Array(outer * inner);
  /** Calls visit(element, position) for all of the array. */
  const each = (visit: (at: number, position: number) => void): void => {
    for (let n = 0; n < outer; n++) {
      for (let c = 0; c < channels; c++) {
        const at = (n * channels + c) * inner;
        for (let i = 0; i < inner; i++) visit(at + i, n * inner + i);
      }
    }
  };
  const divide = (from: FloatArray, to: FloatArray): void =>
    each((at, position) => {
      to[at] = from[at]! / norms[position]!;
    });
  return {
    forward(x, y) {
      const from = x.cpu();
      norms.fill(eps);
      each((at, position) => {
        norms[position]! += from[at]! * from[at]!;
      });
      for (let i = 0; i < norms.length; i++) norms[i] = Math.sqrt(norms[i]!);
      divide(from, y.overwriteCpu());
    },
    again(x, y) {
      divide(x.cpu(), y.overwriteCpu());
    },
    backward(x, dy, dx) {
      const [value, slope] = [x.cpu(), dy.cpu()];
      const along = new Float64Array(norms.length);
      each((at, position) => {
        along[position]! += value[at]! * slope[at]!;
      });
      for (let i = 0; i < along.length; i++) along[i]! /= norms[i]! * norms[i]!;
      const to = dx.overwriteCpu();
      each((at, position) => {
        to[at] = (slope[at]! - value[at]! * along[position]!) / norms[position]!;
      });
    },
  };
}
