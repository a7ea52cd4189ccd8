import type { UnaryKernel } from "../../engines/engine.ts";
import type { ParamField } from "../base/layer.ts";
import { NeuronLayer } from "../base/neuron.ts";

/**
 * The logistic function.
 *
 *     y     = 1 / (1 + e^−x)
 *     ∂E/∂x = ∂E/∂y · y · (1 − y)
 *
 * - bottom[0] `x`: any shape; top[0] `y`: shape of `x`, or `x` itself
 *
 * @see Caffe's SigmoidLayer
 */
export class SigmoidLayer extends NeuronLayer<Record<never, never>> {
  static override readonly type: string = "Sigmoid";
  static override readonly mayBe16Bits: boolean = true;
  static override readonly paramFields: readonly ParamField[] = ["sigmoid_param"];
  protected override readonly kernel: UnaryKernel<Record<never, never>> = sigmoid;
  protected override readonly params: Record<never, never> = {};
}

const sigmoid: UnaryKernel<Record<never, never>> = {
  name: "sigmoid",
  backwardReadsY: true,
  reference: {
    forward(n, x, y) {
      // By tanh, which does not overflow where e^−x would.
      for (let i = 0; i < n; i++) y[i] = 0.5 * Math.tanh(0.5 * x[i]!) + 0.5;
    },
    backward(n, _x, y, dy, dx) {
      for (let i = 0; i < n; i++) dx[i] = dy[i]! * y[i]! * (1 - y[i]!);
    },
  },
  native: [],
  wgsl: { forward: "sigmoidOf(x)", backward: "dy * y * (1.0 - y)" },
};
