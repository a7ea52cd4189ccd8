import type { UnaryKernel } from "../../engines/engine.ts";
import type { ParamField } from "../base/layer.ts";
import { NeuronLayer } from "../base/neuron.ts";

/**
 * Scaled exponential linear unit: it draws activations towards mean 0 and variance 1.
 *
 *     y     = λ·x where x > 0, else λ·α·(eˣ − 1)
 *     ∂E/∂x = ∂E/∂y · (x > 0 ? λ : y + λ·α)
 *
 * - bottom[0] `x`: any shape; top[0] `y`: shape of `x`, or `x` itself
 * - `selu_param`: lambda λ 1.050700987, alpha α 1.67326324
 *
 * @see Klambauer et al., Self-Normalizing Neural Networks, NIPS 2017; synopsys-caffe's SeLULayer
 */
export class SeLULayer extends NeuronLayer<Scaled> {
  static override readonly type: string = "SeLU";
  static override readonly paramFields: readonly ParamField[] = ["selu_param"];
  protected override readonly kernel: UnaryKernel<Scaled> = selu;
  protected override readonly params: Scaled = {
    lambda: this.param.selu_param?.lambda ?? 1.050700987,
    alpha: this.param.selu_param?.alpha ?? 1.67326324,
  };

  override get keepsSigns(): boolean {
    return this.params.lambda > 0 && this.params.alpha >= 0;
  }
}

type Scaled = { readonly lambda: number; readonly alpha: number };

const selu: UnaryKernel<Scaled> = {
  name: "selu",
  backwardReadsX: true,
  backwardReadsY: true,
  reference: {
    forward(n, x, y, { lambda, alpha }) {
      for (let i = 0; i < n; i++) {
        y[i] = lambda * (x[i]! > 0 ? x[i]! : alpha * Math.expm1(x[i]!));
      }
    },
    backward(n, x, y, dy, dx, { lambda, alpha }) {
      for (let i = 0; i < n; i++) dx[i] = dy[i]! * (x[i]! > 0 ? lambda : y[i]! + lambda * alpha);
    },
  },
  native: ["lambda", "alpha"],
  wgsl: {
    forward: "p.lambda * select(p.alpha * expm1Below(smaller(x, 0.0)), x, x > 0.0)",
    backward: "dy * select(y + p.lambda * p.alpha, p.lambda, x > 0.0)",
  },
};
