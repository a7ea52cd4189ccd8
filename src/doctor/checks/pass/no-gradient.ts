import type { PassCheck } from "../../check.ts";
import { ofLayer } from "../../finding.ts";

/**
 * Weights that are to learn and get a gradient of exactly 0: no path leads from them to the loss, or all that passes is cut off.
 * Where weights further up all begin with 0, as some last layers do, gradients come with the second iteration.
 */
export const noGradient: PassCheck = {
  name: "no-gradient",
  *look({ params, tops }, { whole }) {
    if (tops.some(({ isSpoilt }) => isSpoilt)) return;
    if (params.some(({ index, values }) => index === 0 && values.rms === 0)) return;
    const still = params.filter(({ lrMult, gradient }) => lrMult !== 0 && gradient.rms === 0);
    const [first] = still;
    if (!first) return;
    const layers = new Set(still.map(({ layer }) => layer.name));
    const others = layers.size - 1;
    yield ofLayer(whole, first.layer, {
      severity: "error",
      what: `no gradient comes to it${others > 0 ? `, nor to ${others} other layer${others === 1 ? "" : "s"}` : ""}: it would stay as it is.`,
      advice:
        "Look whether a path leads from it to a loss, without propagate_down: false or a loss_weight of 0 on it, and whether a ReLU behind it is dead.",
    });
  },
};
