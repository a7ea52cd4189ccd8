import type { UnaryKernel } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import type { ParamField } from "../base/layer.ts";
import { NeuronLayer } from "../base/neuron.ts";

/**
 * A self-gated rectifier.
 *
 *     y     = x · σ(βx)
 *     ∂E/∂x = ∂E/∂y · (βy + σ(βx) · (1 − βy))
 *
 * - bottom[0] `x`: any shape; top[0] `y`: shape of `x`, or `x` itself
 * - `swish_param.beta` β: default 1
 *
 * @see Ramachandran, Zoph & Le, 2017; Caffe's SwishLayer
 */
export class SwishLayer extends NeuronLayer<Beta> {
  static override readonly type: string = "Swish";
  static override readonly paramFields: readonly ParamField[] = ["swish_param"];
  protected override readonly kernel: UnaryKernel<Beta> = swish;
  protected override readonly params: Beta = {
    beta: withDefaults("SwishParameter", this.param.swish_param).beta,
  };
}

type Beta = { readonly beta: number };

const swish: UnaryKernel<Beta> = {
  name: "swish",
  backwardReadsX: true,
  backwardReadsY: true,
  reference: {
    forward(n, x, y, { beta }) {
      for (let i = 0; i < n; i++) y[i] = x[i]! / (1 + Math.exp(-beta * x[i]!));
    },
    backward(n, x, y, dy, dx, { beta }) {
      for (let i = 0; i < n; i++) {
        const gate = 1 / (1 + Math.exp(-beta * x[i]!));
        dx[i] = dy[i]! * (beta * y[i]! + gate * (1 - beta * y[i]!));
      }
    },
  },
  native: ["beta"],
  wgsl: {
    forward: "x / (1.0 + expOf(-p.beta * x))",
    backward: "dy * (p.beta * y + (1.0 - p.beta * y) * sigmoidOf(p.beta * x))",
  },
};
