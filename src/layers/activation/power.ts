import type { UnaryKernel } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import type { BackwardReads, One, ParamField } from "../base/layer.ts";
import { NeuronLayer } from "../base/neuron.ts";

/**
 * A power of a line.
 *
 *     y     = (shift + scale · x) ^ power
 *     ∂E/∂x = ∂E/∂y · power · scale · (shift + scale · x) ^ (power − 1)
 *
 * - bottom[0] `x`: any shape; top[0] `y`: shape of `x`, or `x` itself
 * - `power_param`: power 1, scale 1, shift 0
 *
 * In place with power 1, Caffe overwrites ∂E/∂y before it reads it, so that ∂E/∂x is scale² everywhere. Nets
 * were trained with that, and it is kept; give it a top of its own for the gradient above.
 *
 * @see Caffe's PowerLayer
 */
export class PowerLayer extends NeuronLayer<Line> {
  static override readonly type: string = "Power";
  static override readonly paramFields: readonly ParamField[] = ["power_param"];
  protected override kernel: UnaryKernel<Line> = power;
  protected override readonly params: Line = this.#line();

  override setUp([x]: One, [y]: One): void {
    if (x === y && this.params.power === 1) this.kernel = lineInPlace;
  }

  #line(): Line {
    const { power, scale, shift } = withDefaults("PowerParameter", this.param.power_param);
    return { power, scale, shift };
  }

  override backwardReadsBottom(): BackwardReads {
    const { power, scale } = this.params;
    return [0, 1].includes(power) || scale === 0 ? "nothing" : super.backwardReadsBottom();
  }
}

type Line = { readonly power: number; readonly scale: number; readonly shift: number };

const power: UnaryKernel<Line> = {
  name: "power",
  backwardReadsX: true,
  reference: {
    forward(n, x, y, { power, scale, shift }) {
      if (power === 1) for (let i = 0; i < n; i++) y[i] = shift + scale * x[i]!;
      else for (let i = 0; i < n; i++) y[i] = (shift + scale * x[i]!) ** power;
    },
    backward(n, x, _y, dy, dx, { power, scale, shift }) {
      const slope = power * scale;
      // A constant has no gradient, also where the power below would be 0 · ∞.
      if (slope === 0) dx.fill(0, 0, n);
      else if (power === 1) for (let i = 0; i < n; i++) dx[i] = dy[i]! * slope;
      else
        for (let i = 0; i < n; i++) dx[i] = dy[i]! * slope * (shift + scale * x[i]!) ** (power - 1);
    },
  },
  native: ["power", "scale", "shift"],
  wgsl: {
    forward: "powerOf(p.shift + p.scale * x, p.power)",
    backward:
      "select(dy * p.power * p.scale * powerOf(p.shift + p.scale * x, p.power - 1.0), 0.0, p.power * p.scale == 0.0)",
  },
};

const lineInPlace: UnaryKernel<Line> = {
  name: "line_in_place",
  reference: {
    forward: power.reference.forward,
    backward(n, _x, _y, _dy, dx, { scale }) {
      dx.fill(scale * scale, 0, n);
    },
  },
  native: ["power", "scale", "shift"],
  wgsl: { forward: "p.shift + p.scale * x", backward: "p.scale * p.scale" },
};
