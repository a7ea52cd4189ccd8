import { positive, type UpdateRule } from "./update-rule.ts";

/**
 * AdaGrad: each element's rate falls with the gradients it has seen.
 *
 *     h ← h + g²
 *     w ← w − η·g / (√h + δ)
 *
 * - `delta` δ: default 1e-8
 * - `momentum` must be 0
 *
 * @see Duchi, Hazan & Singer, JMLR 2011; Caffe's AdaGradSolver
 */
export const adaGrad: UpdateRule<{ readonly delta: number }> = {
  kernel: {
    name: "AdaGrad",
    history: ["h"],
    reference(n, rate, g, [h], { delta }) {
      for (let i = 0; i < n; i++) {
        h[i] = h[i]! + g[i]! * g[i]!;
        g[i] = rate * (g[i]! / (Math.sqrt(h[i]!) + delta));
      }
    },
    wgsl: "h = h + g * g; g = rate * (g / (sqrt(h) + p.delta));",
  },
  params: ({ delta = 1e-8 }) => ({ delta: positive(delta) }),
  refuses: ({ momentum = 0 }) =>
    momentum === 0
      ? undefined
      : `Momentum cannot be used with AdaGrad. momentum is ${momentum}. Expected 0.`,
};
