import type { Shape } from "../../util/shape.ts";
import type { Params, UnaryKernel, UnaryOp } from "../engine.ts";
import type { Layouts } from "./layouts.ts";

/** An elementwise function in the layout its input lies in; undefined where the addon has no such function. */
export function nativeUnary<P extends Params>(
  layouts: Layouts,
  kernel: UnaryKernel<P>,
  params: P,
  shape: Shape,
): UnaryOp | undefined {
  if (!kernel.native) return undefined;
  const { addon } = layouts;
  const index = addon.unaryIndex(kernel.name);
  if (index < 0) return undefined;
  const [p0 = 0, p1 = 0, p2 = 0] = kernel.native.map((name) => params[name] ?? 0);
  // Padding is zero and has to stay so: a function that makes something of 0 must not see it.
  const [zero, value, slope] = [new Float32Array(1), new Float32Array(1), new Float32Array(1)];
  kernel.reference.forward(1, zero, value, params);
  kernel.reference.backward(1, zero, zero, zero, slope, params);
  const wants = value[0] === 0 && slope[0] === 0 ? "blocks" : "no padding";
  return {
    forward(x, y) {
      const layout = layouts.currentOf(x, shape, wants);
      const source = layouts.read(x, layout);
      addon.unaryForward(index, p0, p1, p2, layout.stored, source, layouts.write(y, layout));
    },
    backward(x, y, dy, dx) {
      // In place only y is there.
      const known = x === y ? y : x;
      const layout = layouts.currentOf(known, shape, wants);
      const [input, output] = [layouts.read(known, layout), layouts.read(y, layout)];
      const gradient = layouts.read(dy, layout);
      addon.unaryBackward(
        index,
        p0,
        p1,
        p2,
        layout.stored,
        input,
        output,
        gradient,
        layouts.write(dx, layout),
      );
    },
  };
}
