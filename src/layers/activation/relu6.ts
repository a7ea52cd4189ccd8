import type { UnaryKernel } from "../../engines/engine.ts";
import type { ByteRoleOf } from "../base/byte-role.ts";
import type { BackwardReads, ParamField } from "../base/layer.ts";
import { RectifierLayer, type Slope } from "../base/rectifier.ts";

/**
 * Rectified linear unit that ends at 6, with an optional leak below zero.
 *
 *     y     = min(max(x, 0) + negative_slope · min(x, 0), 6)
 *     ∂E/∂x = ∂E/∂y · (x ≥ 6 ? 0 : x > 0 ? 1 : negative_slope)
 *
 * - bottom[0] `x`: any shape; top[0] `y`: shape of `x`; may be `x` itself while `negative_slope` ≥ 0
 * - `relu6_param.negative_slope`: default 0
 *
 * @see Howard et al., MobileNets, 2017; MobileNet-YOLO's ReLU6Layer
 */
export class ReLU6Layer extends RectifierLayer {
  static override readonly type: string = "ReLU6";
  static override readonly isSteady: boolean = true;
  static override readonly mayBe16Bits: boolean = true;
  static override readonly byteRole: ByteRoleOf = ({ relu6_param }) =>
    (relu6_param?.negative_slope ?? 0) === 0 ? "rectifier" : "leaky rectifier";
  static override readonly paramFields: readonly ParamField[] = ["relu6_param"];
  protected override readonly kernel: UnaryKernel<Slope> = relu6;
  protected override readonly params: Slope = {
    slope: this.param.relu6_param?.negative_slope ?? 0,
  };

  /** In place it is the top: it tells on which side of 0 and 6 the bottom was. */
  override backwardReadsBottom(): BackwardReads {
    return "present";
  }

  override get keepsSigns(): boolean {
    return this.params.slope >= 0;
  }
}

const relu6: UnaryKernel<Slope> = {
  name: "relu6",
  reference: {
    forward(n, x, y, { slope }) {
      for (let i = 0; i < n; i++)
        y[i] = Math.min(Math.max(x[i]!, 0) + slope * Math.min(x[i]!, 0), 6);
    },
    backward(n, x, _y, dy, dx, { slope }) {
      for (let i = 0; i < n; i++) dx[i] = x[i]! >= 6 ? 0 : x[i]! > 0 ? dy[i]! : slope * dy[i]!;
    },
  },
  native: ["slope"],
  wgsl: {
    forward: "smaller(larger(x, 0.0) + p.slope * smaller(x, 0.0), 6.0)",
    backward: "select(select(p.slope * dy, dy, x > 0.0), 0.0, x >= 6.0)",
  },
};
