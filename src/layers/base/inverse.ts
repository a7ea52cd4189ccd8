import type { UnaryKernel } from "../../engines/engine.ts";

/** 1/x, and `ofZero` for 0. It has no gradient. */
export function inverseKernel(ofZero: 0 | 1): UnaryKernel<Record<never, never>> {
  return {
    name: ofZero === 0 ? "inverse" : "inverse or one",
    reference: {
      forward(n, x, y) {
        for (let i = 0; i < n; i++) y[i] = x[i] === 0 ? ofZero : 1 / x[i]!;
      },
      backward(n, _x, _y, _dy, dx) {
        dx.fill(0, 0, n);
      },
    },
    wgsl: { forward: `select(1.0 / x, ${ofZero}.0, x == 0.0)`, backward: "0.0" },
  };
}
