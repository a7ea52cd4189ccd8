import type { Shape } from "../../util/shape.ts";
import type { One, ParamField } from "../base/layer.ts";
import { PickedRowsLayer, type Picks } from "../base/picked-rows.ts";
import { reversedAxes } from "../base/reversed-axes.ts";

/**
 * Turns axes round: the last comes first.
 *
 *     y(…, i, …) = x(…, L − 1 − i, …)
 *
 * - bottom[0] x: any shape of one axis or more; top[0] y: the same shape
 * - `reverse_param`: axis 0, time where Lstm reads it; several where several are turned round
 *
 * @see ChWick/caffe's and synopsys-caffe's ReverseLayers
 */
export class ReverseLayer extends PickedRowsLayer {
  static override readonly type: string = "Reverse";
  static override readonly paramFields: readonly ParamField[] = ["reverse_param"];

  #axes: readonly number[] = [];

  override setUp([x]: One): void {
    const given = this.param.reverse_param?.axis ?? [];
    this.#axes = this.named(() => (given.length > 0 ? given : [0]).map((axis) => x.axis(axis)));
    if (new Set(this.#axes).size < this.#axes.length) {
      this.fail(`reverse_param.axis names an axis twice: ${given.join(", ")}. Expected each once.`);
    }
  }

  protected override picksOf(shape: Shape): Picks {
    return reversedAxes(shape, this.#axes);
  }
}
