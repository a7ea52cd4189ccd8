import { countOf, type Shape } from "../../util/shape.ts";
import type { Params, UnaryKernel, UnaryOp } from "../engine.ts";
import { groupsFor, uniforms } from "./dispatch.ts";
import type { Scope } from "./scope.ts";
import { unary as code } from "./shaders.ts";
import { numbersOf, unaryFunctions } from "./unary-functions.ts";

/** An elementwise function from its layer's WGSL expressions. */
export function webgpuUnary<P extends Params>(
  scope: Scope,
  kernel: UnaryKernel<P>,
  params: P,
  shape: Shape,
): UnaryOp {
  const count = countOf(shape);
  const functions = unaryFunctions(scope, kernel, params);
  const uniform = uniforms(numbersOf(params), [count]);
  const make = (entry: string, arrays: string, inPlace: 0 | 1) =>
    scope.kernel({
      name: `${kernel.name} ${entry}`,
      code: code + functions,
      entry,
      arrays,
      constants: { IN_PLACE: inPlace },
    });
  return {
    forward(x, y) {
      const [input, output, inPlace] = scope.through(x, y);
      make("forward", "rw", inPlace).run([input, output], uniform, groupsFor(count));
    },
    backward(x, y, dy, dx) {
      const [xs, ys] = [scope.read(x), scope.read(y)];
      const [input, output, inPlace] = scope.through(dy, dx);
      make("backward", "rwrr", inPlace).run([input, output, xs, ys], uniform, groupsFor(count));
    },
  };
}
