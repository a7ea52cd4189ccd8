import type { UpdateRule } from "./update-rule.ts";

/**
 * Nesterov's accelerated gradient, in the form that looks ahead from the point it stands on.
 *
 *     v' ← μ·v + η·g
 *     w  ← w − ((1 + μ)·v' − μ·v)
 *
 * - `momentum` μ: default 0, which makes it plain descent
 *
 * @see Nesterov, Soviet Mathematics Doklady 1983; Sutskever et al., ICML 2013; Caffe's NesterovSolver
 */
export const nesterov: UpdateRule<{ readonly momentum: number }> = {
  kernel: {
    name: "Nesterov",
    history: ["v"],
    historyHoldsRate: true,
    reference(n, rate, g, [v], { momentum }) {
      for (let i = 0; i < n; i++) {
        const before = v[i]!;
        v[i] = momentum * before + rate * g[i]!;
        g[i] = (1 + momentum) * v[i]! - momentum * before;
      }
    },
    wgsl: "let before = v; v = p.momentum * v + rate * g; g = (1.0 + p.momentum) * v - p.momentum * before;",
  },
  params: ({ momentum = 0 }) => ({ momentum }),
};
