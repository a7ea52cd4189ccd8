import type { UnaryKernel } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import type { One, ParamField } from "../base/layer.ts";
import { NeuronLayer } from "../base/neuron.ts";

/**
 * Tells whether values are above a threshold.
 *
 *     y = 1 where x > t, else 0
 *
 * - bottom[0] `x`: any shape; top[0] `y`: shape of `x`, or `x` itself. There is no gradient: an error under a loss,
 *   but for `force_backward`, where it is 0.
 * - `threshold_param.threshold` t: default 0
 *
 * @see Caffe's ThresholdLayer
 */
export class ThresholdLayer extends NeuronLayer<Limit> {
  static override readonly type: string = "Threshold";
  static override readonly paramFields: readonly ParamField[] = ["threshold_param"];
  protected override readonly kernel: UnaryKernel<Limit> = threshold;
  protected override readonly params: Limit = {
    threshold: withDefaults("ThresholdParameter", this.param.threshold_param).threshold,
  };

  override backward(top: One, propagateDown: readonly boolean[], bottom: One): void {
    if (propagateDown.some(Boolean))
      this.fail("Threshold has no gradient. Expected it under no loss.");
    // In place, the top's gradient would pass for the bottom's.
    if (top[0] === bottom[0]) super.backward(top, [true], bottom);
  }

  override allowForceBackward(): boolean {
    return false;
  }
}

type Limit = { readonly threshold: number };

const threshold: UnaryKernel<Limit> = {
  name: "threshold",
  reference: {
    forward(n, x, y, { threshold }) {
      for (let i = 0; i < n; i++) y[i] = x[i]! > threshold ? 1 : 0;
    },
    backward(n, _x, _y, _dy, dx) {
      dx.fill(0, 0, n);
    },
  },
  native: ["threshold"],
  wgsl: { forward: "select(0.0, 1.0, x > p.threshold)", backward: "0.0" },
};
