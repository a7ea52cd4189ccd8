import type { UnaryKernel } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import type { ParamField } from "../base/layer.ts";
import { NeuronLayer } from "../base/neuron.ts";

/**
 * Exponential linear unit.
 *
 *     y     = x where x > 0, else α(eˣ − 1)
 *     ∂E/∂x = ∂E/∂y · (x > 0 ? 1 : y + α)
 *
 * - bottom[0] `x`: any shape; top[0] `y`: shape of `x`, or `x` itself
 * - `elu_param.alpha` α: default 1
 *
 * @see Clevert, Unterthiner & Hochreiter, ICLR 2016; Caffe's ELULayer
 */
export class ELULayer extends NeuronLayer<Alpha> {
  static override readonly type: string = "ELU";
  static override readonly mayBe16Bits: boolean = true;
  static override readonly paramFields: readonly ParamField[] = ["elu_param"];
  protected override readonly kernel: UnaryKernel<Alpha> = elu;
  protected override readonly params: Alpha = {
    alpha: withDefaults("ELUParameter", this.param.elu_param).alpha,
  };

  override get keepsSigns(): boolean {
    return this.params.alpha >= 0;
  }
}

type Alpha = { readonly alpha: number };

const elu: UnaryKernel<Alpha> = {
  name: "elu",
  backwardReadsX: true,
  backwardReadsY: true,
  reference: {
    forward(n, x, y, { alpha }) {
      for (let i = 0; i < n; i++) y[i] = x[i]! > 0 ? x[i]! : alpha * Math.expm1(x[i]!);
    },
    backward(n, x, y, dy, dx, { alpha }) {
      for (let i = 0; i < n; i++) dx[i] = x[i]! > 0 ? dy[i]! : dy[i]! * (y[i]! + alpha);
    },
  },
  native: ["alpha"],
  wgsl: {
    forward: "select(p.alpha * expm1Below(smaller(x, 0.0)), x, x > 0.0)",
    backward: "select(dy * (y + p.alpha), dy, x > 0.0)",
  },
};
