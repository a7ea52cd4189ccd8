import { countOf, type Shape } from "../../util/shape.ts";
import type { Params, UnaryKernel, UnaryOp } from "../engine.ts";
import type { Arrays } from "./arrays.ts";

/** A rectifier; undefined for any other elementwise function. */
export function wasmUnary<P extends Params>(
  arrays: Arrays,
  kernel: UnaryKernel<P>,
  params: P,
  shape: Shape,
): UnaryOp | undefined {
  if (kernel.name !== "relu") return undefined;
  const { kernels } = arrays;
  const count = countOf(shape);
  const slope = params["slope"] ?? 0;
  return {
    forward(x, y) {
      const from = arrays.read(x);
      kernels.rectify(count, slope, from, arrays.write(y));
    },
    backward(x, y, dy, dx) {
      // In place only y is there.
      const [known, gradient] = [arrays.read(x === y ? y : x), arrays.read(dy)];
      kernels.rectifyBackward(count, slope, known, gradient, arrays.write(dx));
    },
  };
}
