import { positive, type UpdateRule } from "./update-rule.ts";

/**
 * RMSProp: each element's rate falls with the mean square of its recent gradients.
 *
 *     h ← ρ·h + (1 − ρ)·g²
 *     w ← w − η·g / (√h + δ)
 *
 * - `rms_decay` ρ: default 0.99, in [0, 1)
 * - `delta` δ: default 1e-8
 * - `momentum` must be 0
 *
 * @see Tieleman & Hinton, Coursera lecture 6.5, 2012; Caffe's RMSPropSolver
 */
export const rmsProp: UpdateRule<{ readonly rms_decay: number; readonly delta: number }> = {
  kernel: {
    name: "RMSProp",
    history: ["h"],
    reference(n, rate, g, [h], { rms_decay, delta }) {
      for (let i = 0; i < n; i++) {
        h[i] = rms_decay * h[i]! + (1 - rms_decay) * (g[i]! * g[i]!);
        g[i] = rate * (g[i]! / (Math.sqrt(h[i]!) + delta));
      }
    },
    wgsl: "h = p.rms_decay * h + (1.0 - p.rms_decay) * (g * g); g = rate * (g / (sqrt(h) + p.delta));",
  },
  params: ({ rms_decay = Math.fround(0.99), delta = 1e-8 }) => ({
    rms_decay,
    delta: positive(delta),
  }),
  refuses({ momentum = 0, rms_decay = 0.99 }) {
    if (momentum !== 0) {
      return `Momentum cannot be used with RMSProp. momentum is ${momentum}. Expected 0.`;
    }
    if (rms_decay >= 0 && rms_decay < 1) return undefined;
    return `rms_decay is ${rms_decay}. Expected 0 or more, and less than 1.`;
  },
};
