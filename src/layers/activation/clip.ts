import type { UnaryKernel } from "../../engines/engine.ts";
import type { ParamField } from "../base/layer.ts";
import { NeuronLayer } from "../base/neuron.ts";

/**
 * Keeps values within bounds.
 *
 *     y     = min(max(x, min), max)
 *     ∂E/∂x = ∂E/∂y where min ≤ x ≤ max, else 0
 *
 * - bottom[0] `x`: any shape; top[0] `y`: shape of `x`, or `x` itself
 * - `clip_param`: min and max, both required
 *
 * @see Caffe's ClipLayer
 */
export class ClipLayer extends NeuronLayer<Bounds> {
  static override readonly type: string = "Clip";
  static override readonly paramFields: readonly ParamField[] = ["clip_param"];
  protected override readonly kernel: UnaryKernel<Bounds> = clip;
  protected override readonly params: Bounds = this.#bounds();

  #bounds(): Bounds {
    const { min, max } = this.param.clip_param ?? {};
    if (min === undefined || max === undefined) {
      this.fail("clip_param needs min and max. Expected both to be given.");
    }
    return { min, max };
  }
}

type Bounds = { readonly min: number; readonly max: number };

/** The function alone, for whoever keeps numbers within bounds. */
export const clip: UnaryKernel<Bounds> = {
  name: "clip",
  backwardReadsX: true,
  reference: {
    forward(n, x, y, { min, max }) {
      for (let i = 0; i < n; i++) y[i] = Math.max(min, Math.min(x[i]!, max));
    },
    backward(n, x, _y, dy, dx, { min, max }) {
      for (let i = 0; i < n; i++) dx[i] = x[i]! >= min && x[i]! <= max ? dy[i]! : 0;
    },
  },
  native: ["min", "max"],
  wgsl: {
    forward: "larger(p.min, smaller(x, p.max))",
    backward: "select(0.0, dy, x >= p.min && x <= p.max)",
  },
};
