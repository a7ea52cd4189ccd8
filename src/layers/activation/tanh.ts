import type { UnaryKernel } from "../../engines/engine.ts";
import type { ParamField } from "../base/layer.ts";
import { NeuronLayer } from "../base/neuron.ts";

/**
 * The hyperbolic tangent.
 *
 *     y     = tanh x
 *     ∂E/∂x = ∂E/∂y · (1 − y²)
 *
 * - bottom[0] `x`: any shape; top[0] `y`: shape of `x`, or `x` itself
 *
 * @see Caffe's TanHLayer
 */
export class TanHLayer extends NeuronLayer<Record<never, never>> {
  static override readonly type: string = "TanH";
  static override readonly mayBe16Bits: boolean = true;
  static override readonly paramFields: readonly ParamField[] = ["tanh_param"];
  protected override readonly kernel: UnaryKernel<Record<never, never>> = tanh;
  protected override readonly params: Record<never, never> = {};

  override get keepsSigns(): boolean {
    return true;
  }
}

const tanh: UnaryKernel<Record<never, never>> = {
  name: "tanh",
  backwardReadsY: true,
  reference: {
    forward(n, x, y) {
      for (let i = 0; i < n; i++) y[i] = Math.tanh(x[i]!);
    },
    backward(n, _x, y, dy, dx) {
      for (let i = 0; i < n; i++) dx[i] = dy[i]! * (1 - y[i]! * y[i]!);
    },
  },
  native: [],
  wgsl: { forward: "tanhOf(x)", backward: "dy * (1.0 - y * y)" },
};
