import type { One } from "./layer.ts";
import { NeuronLayer } from "./neuron.ts";

/** What is below zero is multiplied by that. */
export type Slope = { readonly slope: number };

/** A rectifier whose backward tells from y, where it works in place, on which side of zero x was. */
export abstract class RectifierLayer extends NeuronLayer<Slope> {
  override setUp([x]: One, [y]: One): void {
    const { slope } = this.params;
    if (x === y && slope < 0) {
      this.fail(
        `in place with negative_slope ${slope}. Expected 0 or more, so that the sign of y tells the sign of x; or give it a top of its own.`,
      );
    }
  }
}
