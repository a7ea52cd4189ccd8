import type { Shape } from "../../util/shape.ts";
import type { Params, UnaryKernel, UnaryOp } from "../engine.ts";
import { PerLayout, type Places } from "./places.ts";

/** An elementwise function in the layout its input lies in; undefined where the addon has no such function. */
export function nativeUnary<P extends Params>(
  places: Places,
  kernel: UnaryKernel<P>,
  params: P,
  shape: Shape,
): UnaryOp | undefined {
  if (!kernel.native) return undefined;
  const { addon } = places;
  if (kernel.name === "relu") {
    const slope = params["slope"] ?? 0;
    return {
      forward(x, y) {
        const layout = places.current(x, shape);
        const source = places.read(x, layout);
        addon.reluForward(layout.stored, slope, source, places.write(y, layout));
      },
      backward(x, y, dy, dx) {
        // In place only y is there; elsewhere x decides, also where the slope is negative.
        const known = x === y ? y : x;
        const layout = places.current(known, shape);
        const value = places.read(known, layout);
        const gradient = places.read(dy, layout);
        addon.reluBackward(layout.stored, slope, value, gradient, places.write(dx, layout));
      },
    };
  }
  if (shape.length === 0) return undefined;
  const algorithm = kernel.name === "sigmoid" ? "logistic" : kernel.name;
  const made = new PerLayout((layout) => ({
    forward: addon.eltwiseForward(algorithm, layout),
    backward: addon.eltwiseBackward(algorithm, layout),
  }));
  return {
    forward(x, y) {
      const layout = places.current(x, shape);
      const source = places.read(x, layout);
      made.get(layout).forward.run(source, places.write(y, layout));
    },
    backward(_x, y, dy, dx) {
      const layout = places.current(y, shape);
      const gradient = places.read(dy, layout);
      made.get(layout).backward.run(places.read(y, layout), gradient, places.write(dx, layout));
    },
  };
}
