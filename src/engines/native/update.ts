import type { Engine } from "../engine.ts";
import type { Places } from "./places.ts";
import { layoutOf } from "./vectors.ts";

/** One step of a parameter in one pass over memory, in the layout where the parameter lies. */
export function nativeUpdate(places: Places, fallback: Engine): Engine["update"] {
  const { addon } = places;
  const known = new Set(addon.updates);
  return (kernel, count, step, params, w, g, history) => {
    if (!known.has(kernel.name)) {
      fallback.update(kernel, count, step, params, w, g, history);
      return;
    }
    const layout = layoutOf(places, w, count);
    const { rate, gradientScale, decay, regularization } = step;
    addon.update(
      kernel.name,
      layout.stored,
      {
        rate,
        gradientScale,
        decay,
        isL1: regularization === "L1",
        isDecoupled: kernel.decoupledDecay === true,
      },
      params,
      places.update(w, layout),
      places.update(g, layout),
      ...history.map((mem) => places.update(mem, layout)),
    );
  };
}
