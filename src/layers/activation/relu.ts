import type { UnaryKernel } from "../../engines/engine.ts";
import type { ByteRoleOf } from "../base/byte-role.ts";
import type { BackwardReads, ParamField } from "../base/layer.ts";
import { RectifierLayer, type Slope } from "../base/rectifier.ts";

/**
 * Rectified linear unit, with an optional leak below zero.
 *
 *     y     = max(x, 0) + negative_slope · min(x, 0)
 *     ∂E/∂x = ∂E/∂y · (x > 0 ? 1 : negative_slope)
 *
 * - bottom[0] `x`: any shape; top[0] `y`: shape of `x`; may be `x` itself while `negative_slope` ≥ 0
 * - `relu_param.negative_slope`: default 0
 *
 * @see Nair & Hinton, ICML 2010; the leak: Maas, Hannun & Ng, ICML 2013
 */
export class ReLULayer extends RectifierLayer {
  static override readonly type: string = "ReLU";
  static override readonly isSteady: boolean = true;
  static override readonly mayBe16Bits: boolean = true;
  static override readonly byteRole: ByteRoleOf = ({ relu_param }) =>
    (relu_param?.negative_slope ?? 0) === 0 ? "rectifier" : "leaky rectifier";
  static override readonly paramFields: readonly ParamField[] = ["relu_param"];
  protected override readonly kernel: UnaryKernel<Slope> = relu;
  protected override readonly params: Slope = { slope: this.param.relu_param?.negative_slope ?? 0 };

  /** In place it is the top: its sign is that of what was there. */
  override backwardReadsBottom(): BackwardReads {
    return this.params.slope === 1 ? "nothing" : "signs";
  }

  override get keepsSigns(): boolean {
    return true;
  }
}

/** The function, for layers that rectify too. */
export const relu: UnaryKernel<Slope> = {
  name: "relu",
  reference: {
    forward(n, x, y, { slope }) {
      for (let i = 0; i < n; i++) y[i] = Math.max(x[i]!, 0) + slope * Math.min(x[i]!, 0);
    },
    backward(n, x, _y, dy, dx, { slope }) {
      for (let i = 0; i < n; i++) dx[i] = x[i]! > 0 ? dy[i]! : slope * dy[i]!;
    },
  },
  native: ["slope"],
  wgsl: {
    forward: "larger(x, 0.0) + p.slope * smaller(x, 0.0)",
    backward: "select(p.slope * dy, dy, x > 0.0)",
  },
};
