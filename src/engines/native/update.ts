import type { Engine } from "../engine.ts";
import type { Layouts } from "./layouts.ts";
import { panelsOf } from "./panels.ts";
import { layoutOf } from "./vectors.ts";

/**
 * One step of a parameter in one pass over memory, in the layout where the parameter lies. A gradient that is kept as what it
 * is made of is made a panel at a time, each used up in cache.
 */
export function nativeUpdate(layouts: Layouts, fallback: Engine): Engine["update"] {
  const { addon } = layouts;
  const known = new Set(addon.updates);
  return (kernel, count, step, params, w, g, history) => {
    if (!known.has(kernel.name)) {
      return fallback.update(kernel, count, step, params, w, g, history);
    }
    const { rate, gradientScale, decay, regularization } = step;
    const isL1 = regularization === "L1";
    const isDecoupled = kernel.decoupledDecay === true;
    const own = { rate, gradientScale, decay, isL1, isDecoupled };
    const layout = layoutOf(layouts, w, count);
    const forEachPanel = layout.isPlain ? panelsOf(layouts, g) : undefined;
    if (forEachPanel) {
      const all = [w, ...history].map((mem) => mem.mutableCpu() as Float32Array);
      let isSound = true;
      forEachPanel((begin, end, panel) => {
        const [to, ...kept] = all.map((array) => array.subarray(begin, end)) as [Float32Array];
        const isPanelFinite = addon.update(
          kernel.name,
          end - begin,
          own,
          params,
          to,
          panel,
          ...kept,
        );
        isSound &&= isPanelFinite;
      });
      return isSound;
    }
    return addon.update(
      kernel.name,
      layout.stored,
      own,
      params,
      layouts.update(w, layout),
      layouts.update(g, layout),
      ...history.map((mem) => layouts.update(mem, layout)),
    );
  };
}
