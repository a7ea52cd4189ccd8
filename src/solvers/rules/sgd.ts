import type { UpdateRule } from "./update-rule.ts";

/**
 * Stochastic gradient descent with momentum.
 *
 *     v ← μ·v + η·g
 *     w ← w − v
 *
 * η is lr · lr_mult, g the gradient after clipping, normalisation and decay.
 *
 * - `momentum` μ: default 0
 *
 * @see Rumelhart, Hinton & Williams, Nature 1986; Caffe's SGDSolver (which keeps the rate inside v)
 */
export const sgd: UpdateRule<{ readonly momentum: number }> = {
  kernel: {
    name: "SGD",
    history: ["v"],
    historyHoldsRate: true,
    reference(n, rate, g, [v], { momentum }) {
      for (let i = 0; i < n; i++) {
        v[i] = momentum * v[i]! + rate * g[i]!;
        g[i] = v[i]!;
      }
    },
    wgsl: "v = p.momentum * v + rate * g; g = v;",
  },
  isSgd: true,
  params: ({ momentum = 0 }) => ({ momentum }),
};
