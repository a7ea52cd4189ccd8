import type { EltwiseDescriptor, EltwiseOp } from "../engine.ts";
import type { Places } from "./places.ts";

/** Sums with coefficients, in the layout the first input lies in; undefined for the other operations. */
export function nativeEltwise(places: Places, d: EltwiseDescriptor): EltwiseOp | undefined {
  if (d.operation !== "SUM") return undefined;
  const { addon } = places;
  return {
    forward(xs, y) {
      const [first, ...others] = xs;
      const layout = places.current(first!, d.shape);
      const sources = xs.map((x) => places.read(x, layout));
      const to = places.write(y, layout);
      addon.axpby(layout.stored, d.coeffs[0]!, sources[0]!, 0, to);
      others.forEach((_, i) => {
        addon.axpby(layout.stored, d.coeffs[i + 1]!, sources[i + 1]!, 1, to);
      });
    },
    backward(_xs, _y, dy, dxs) {
      const layout = places.current(dy, d.shape);
      const gradient = places.read(dy, layout);
      dxs.forEach((dx, i) => {
        if (dx) addon.axpby(layout.stored, d.coeffs[i]!, gradient, 0, places.write(dx, layout));
      });
    },
  };
}
