import type { FloatArray } from "../../util/arrays.ts";
import { type RandomKey, randomBits } from "../../util/random-bits.ts";
import { countOf } from "../../util/shape.ts";
import type { DropoutDescriptor, DropoutOp } from "../engine.ts";

/** y = 0 where the element's word is below ratio · 2³², else x / (1 − ratio). */
export function referenceDropout({ shape, ratio }: DropoutDescriptor): DropoutOp {
  const count = countOf(shape);
  const threshold = Math.floor(ratio * 2 ** 32);
  const scale = 1 / (1 - ratio);
  const drop = (x: FloatArray, y: FloatArray, key: RandomKey): void => {
    // NaN times 0 stays NaN.
    for (let i = 0; i < count; i++) y[i] = x[i]! * (randomBits(key, i) < threshold ? 0 : scale);
  };
  return {
    forward(x, y, key) {
      drop(x.cpu(), y.overwriteCpu(), key);
    },
    backward(dy, dx, key) {
      drop(dy.cpu(), dx.overwriteCpu(), key);
    },
  };
}
