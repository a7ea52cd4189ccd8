import type { UnaryKernel } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import type { ParamField } from "../base/layer.ts";
import { NeuronLayer } from "../base/neuron.ts";

/**
 * The exponential function.
 *
 *     y     = base ^ (shift + scale · x)
 *     ∂E/∂x = ∂E/∂y · y · scale · ln base
 *
 * - bottom[0] `x`: any shape; top[0] `y`: shape of `x`, or `x` itself
 * - `exp_param`: base −1 (which is e; else more than 0), scale 1, shift 0
 *
 * @see Caffe's ExpLayer
 */
export class ExpLayer extends NeuronLayer<Scales> {
  static override readonly type: string = "Exp";
  static override readonly paramFields: readonly ParamField[] = ["exp_param"];
  protected override readonly kernel: UnaryKernel<Scales> = exp;
  protected override readonly params: Scales = this.#scales();

  #scales(): Scales {
    const { base, scale, shift } = withDefaults("ExpParameter", this.param.exp_param);
    if (base !== -1 && !(base > 0)) {
      this.fail(`exp_param.base is ${base}. base must be strictly positive, or -1 for e.`);
    }
    const log = base === -1 ? 1 : Math.log(base);
    return { innerScale: log * scale, outerScale: Math.exp(log * shift) };
  }
}

type Scales = { readonly innerScale: number; readonly outerScale: number };

const exp: UnaryKernel<Scales> = {
  name: "exp",
  backwardReadsY: true,
  reference: {
    forward(n, x, y, { innerScale, outerScale }) {
      for (let i = 0; i < n; i++) y[i] = outerScale * Math.exp(innerScale * x[i]!);
    },
    backward(n, _x, y, dy, dx, { innerScale }) {
      for (let i = 0; i < n; i++) dx[i] = dy[i]! * y[i]! * innerScale;
    },
  },
  native: ["innerScale", "outerScale"],
  wgsl: { forward: "p.outerScale * expOf(p.innerScale * x)", backward: "dy * y * p.innerScale" },
};
