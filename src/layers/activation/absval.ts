import type { UnaryKernel } from "../../engines/engine.ts";
import { NeuronLayer } from "../base/neuron.ts";

/**
 * The absolute value.
 *
 *     y     = |x|
 *     ∂E/∂x = ∂E/∂y · sign(x)
 *
 * - bottom[0] `x`: any shape; top[0] `y`: shape of `x`, not `x` itself
 *
 * @see Caffe's AbsValLayer
 */
export class AbsValLayer extends NeuronLayer<Record<never, never>> {
  static override readonly type: string = "AbsVal";
  static override readonly allowsInPlace: boolean = false;
  protected override readonly kernel: UnaryKernel<Record<never, never>> = abs;
  protected override readonly params: Record<never, never> = {};
}

const abs: UnaryKernel<Record<never, never>> = {
  name: "abs",
  backwardReadsX: true,
  reference: {
    forward(n, x, y) {
      for (let i = 0; i < n; i++) y[i] = Math.abs(x[i]!);
    },
    backward(n, x, _y, dy, dx) {
      for (let i = 0; i < n; i++) dx[i] = dy[i]! * Math.sign(x[i]!);
    },
  },
  native: [],
  wgsl: { forward: "abs(x)", backward: "dy * signOf(x)" },
};
