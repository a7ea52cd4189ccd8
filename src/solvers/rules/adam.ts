import { positive, type UpdateRule } from "./update-rule.ts";

/** Adam's numbers. */
export interface AdamParams extends Readonly<Record<string, number>> {
  readonly beta1: number;
  readonly beta2: number;
  readonly delta: number;
  /** √(1 − β₂ᵗ) / (1 − β₁ᵗ) at step t = iter + 1: both averages begin at zero. */
  readonly correction: number;
}

/**
 * Adam: steps by the running mean of the gradient over the root of its running mean square.
 *
 *     m ← β₁·m + (1 − β₁)·g
 *     v ← β₂·v + (1 − β₂)·g²
 *     w ← w − η·√(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + δ)        t = iter + 1
 *
 * - `momentum` β₁: default 0; 0.9 is usual
 * - `momentum2` β₂: default 0.999
 * - `delta` δ: default 1e-8; "epsilon hat", just before section 2.1 of the paper
 *
 * @see Kingma & Ba, ICLR 2015; Caffe's AdamSolver
 */
export const adam: UpdateRule<AdamParams> = {
  kernel: {
    name: "Adam",
    history: ["m", "v"],
    reference(n, rate, g, [m, v], { beta1, beta2, delta, correction }) {
      for (let i = 0; i < n; i++) {
        m[i] = beta1 * m[i]! + (1 - beta1) * g[i]!;
        v[i] = beta2 * v[i]! + (1 - beta2) * (g[i]! * g[i]!);
        g[i] = rate * correction * (m[i]! / (Math.sqrt(v[i]!) + delta));
      }
    },
    wgsl: "m = p.beta1 * m + (1.0 - p.beta1) * g; v = p.beta2 * v + (1.0 - p.beta2) * (g * g); g = rate * p.correction * (m / (sqrt(v) + p.delta));",
  },
  params({ momentum = 0, momentum2 = Math.fround(0.999), delta = 1e-8 }, iter) {
    const t = iter + 1;
    const correction = Math.sqrt(1 - momentum2 ** t) / (1 - momentum ** t);
    return { beta1: momentum, beta2: momentum2, delta: positive(delta), correction };
  },
  refuses({ momentum = 0, momentum2 = 0.999 }) {
    for (const [field, value] of Object.entries({ momentum, momentum2 })) {
      if (!(value >= 0 && value < 1)) {
        return `${field} is ${value}. Expected 0 or more, and less than 1.`;
      }
    }
    return undefined;
  },
};
