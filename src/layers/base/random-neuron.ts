import { type CoordMapOf, unmoved } from "./coord-map.ts";
import { Layer, type LayerRole, type LayerState, type One } from "./layer.ts";
import { refusesOtherForms } from "./layer-state.ts";
import type { PassKey } from "./pass-key.ts";

/**
 * A layer of one bottom and one top, in place too, that draws random numbers for the values of each pass. The key of its bits is
 * all that a snapshot carries of it.
 */
export abstract class RandomNeuronLayer extends Layer<One, One> {
  static override readonly allowsInPlace: boolean = true;
  static override readonly role: LayerRole = "activation";
  static override readonly coordMap: CoordMapOf = unmoved;

  protected abstract readonly key: PassKey;

  override state(): LayerState {
    return this.key.state();
  }

  override refuses(state: LayerState): string | undefined {
    return refusesOtherForms(this.state(), state);
  }

  override restore(state: LayerState): undefined {
    this.key.restore(state);
  }
}
