import type { UnaryKernel } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import type { ParamField } from "../base/layer.ts";
import { NeuronLayer } from "../base/neuron.ts";

/**
 * The logarithm.
 *
 *     y     = log_base(shift + scale · x)
 *     ∂E/∂x = ∂E/∂y · scale / ((shift + scale · x) · ln base)
 *
 * - bottom[0] `x`: any shape; top[0] `y`: shape of `x`, or `x` itself
 * - `log_param`: base −1 (which is e; else more than 0 and not 1), scale 1, shift 0
 *
 * @see Caffe's LogLayer
 */
export class LogLayer extends NeuronLayer<Scales> {
  static override readonly type: string = "Log";
  static override readonly paramFields: readonly ParamField[] = ["log_param"];
  protected override readonly kernel: UnaryKernel<Scales> = log;
  protected override readonly params: Scales = this.#scales();

  #scales(): Scales {
    const { base, scale, shift } = withDefaults("LogParameter", this.param.log_param);
    if (base !== -1 && (!(base > 0) || base === 1)) {
      this.fail(
        `log_param.base is ${base}. base must be strictly positive and not 1, or -1 for e.`,
      );
    }
    return { baseScale: base === -1 ? 1 : 1 / Math.log(base), scale, shift };
  }
}

type Scales = { readonly baseScale: number; readonly scale: number; readonly shift: number };

const log: UnaryKernel<Scales> = {
  name: "log",
  backwardReadsX: true,
  reference: {
    forward(n, x, y, { baseScale, scale, shift }) {
      for (let i = 0; i < n; i++) y[i] = baseScale * Math.log(scale * x[i]! + shift);
    },
    backward(n, x, _y, dy, dx, { baseScale, scale, shift }) {
      for (let i = 0; i < n; i++) dx[i] = (dy[i]! * baseScale * scale) / (scale * x[i]! + shift);
    },
  },
  native: ["baseScale", "scale", "shift"],
  wgsl: {
    forward: "p.baseScale * logOf(p.scale * x + p.shift)",
    backward: "dy * p.baseScale * p.scale / (p.scale * x + p.shift)",
  },
};
