import { positive, type UpdateRule } from "./update-rule.ts";

/**
 * AdaDelta: steps in the units of the parameter, from the mean squares of gradients h and of steps s.
 *
 *     h ← μ·h + (1 − μ)·g²
 *     u = g·√((s + δ) / (h + δ))
 *     s ← μ·s + (1 − μ)·u²
 *     w ← w − η·u
 *
 * - `momentum` μ, ρ in the paper: default 0; 0.95 is usual
 * - `delta` δ, ε in the paper: default 1e-8; 1e-6 is usual
 *
 * @see Zeiler, arXiv:1212.5701, 2012; Caffe's AdaDeltaSolver
 */
export const adaDelta: UpdateRule<{ readonly momentum: number; readonly delta: number }> = {
  kernel: {
    name: "AdaDelta",
    history: ["h", "s"],
    reference(n, rate, g, [h, s], { momentum, delta }) {
      for (let i = 0; i < n; i++) {
        h[i] = momentum * h[i]! + (1 - momentum) * (g[i]! * g[i]!);
        const u = g[i]! * Math.sqrt((s[i]! + delta) / (h[i]! + delta));
        s[i] = momentum * s[i]! + (1 - momentum) * (u * u);
        g[i] = rate * u;
      }
    },
    wgsl: "h = p.momentum * h + (1.0 - p.momentum) * (g * g); let u = g * sqrt((s + p.delta) / (h + p.delta)); s = p.momentum * s + (1.0 - p.momentum) * (u * u); g = rate * u;",
  },
  params: ({ momentum = 0, delta = 1e-8 }) => ({
    momentum,
    delta: positive(delta),
  }),
};
