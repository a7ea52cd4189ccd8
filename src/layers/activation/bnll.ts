import type { UnaryKernel } from "../../engines/engine.ts";
import { NeuronLayer } from "../base/neuron.ts";

/**
 * Binomial normal log likelihood: a smooth rectifier.
 *
 *     y     = log(1 + eˣ)
 *     ∂E/∂x = ∂E/∂y · σ(x)
 *
 * - bottom[0] `x`: any shape; top[0] `y`: shape of `x`, or `x` itself
 *
 * @see Caffe's BNLLLayer
 */
export class BNLLLayer extends NeuronLayer<Record<never, never>> {
  static override readonly type: string = "BNLL";
  protected override readonly kernel: UnaryKernel<Record<never, never>> = bnll;
  protected override readonly params: Record<never, never> = {};
}

const bnll: UnaryKernel<Record<never, never>> = {
  name: "bnll",
  backwardReadsX: true,
  reference: {
    forward(n, x, y) {
      // The exponent is never positive, so that nothing overflows.
      for (let i = 0; i < n; i++)
        y[i] = Math.max(x[i]!, 0) + Math.log1p(Math.exp(-Math.abs(x[i]!)));
    },
    backward(n, x, _y, dy, dx) {
      for (let i = 0; i < n; i++) dx[i] = dy[i]! / (1 + Math.exp(-x[i]!));
    },
  },
  native: [],
  wgsl: {
    forward: "larger(x, 0.0) + logOnePlus(exp(-abs(x)))",
    backward: "dy * sigmoidOf(x)",
  },
};
