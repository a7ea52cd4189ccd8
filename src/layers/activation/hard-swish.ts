import type { UnaryKernel } from "../../engines/engine.ts";
import { NeuronLayer } from "../base/neuron.ts";

/**
 * Swish whose gate is made of straight lines.
 *
 *     y     = x · min(max(x + 3, 0), 6) / 6
 *     ∂E/∂x = ∂E/∂y · (x ≤ −3 ? 0 : x < 3 ? (2x + 3)/6 : 1)
 *
 * - bottom[0] `x`: any shape; top[0] `y`: shape of `x`, or `x` itself
 *
 * @see Howard et al., MobileNetV3, ICCV 2019; synopsys-caffe's HardSwishLayer
 */
export class HardSwishLayer extends NeuronLayer<Record<never, never>> {
  static override readonly type: string = "HardSwish";
  protected override readonly kernel: UnaryKernel<Record<never, never>> = hardSwish;
  protected override readonly params: Record<never, never> = {};
}

const hardSwish: UnaryKernel<Record<never, never>> = {
  name: "hard_swish",
  backwardReadsX: true,
  reference: {
    forward(n, x, y) {
      for (let i = 0; i < n; i++) y[i] = (x[i]! * Math.min(Math.max(x[i]! + 3, 0), 6)) / 6;
    },
    backward(n, x, _y, dy, dx) {
      for (let i = 0; i < n; i++) {
        dx[i] = x[i]! <= -3 ? 0 : x[i]! < 3 ? (dy[i]! * (2 * x[i]! + 3)) / 6 : dy[i]!;
      }
    },
  },
  native: [],
  wgsl: {
    forward: "x * smaller(larger(x + 3.0, 0.0), 6.0) / 6.0",
    backward: "select(select(dy, dy * (2.0 * x + 3.0) / 6.0, x < 3.0), 0.0, x <= -3.0)",
  },
};
