import type { Random } from "../../util/random.ts";
import type { RandomKey } from "../../util/random-bits.ts";
import type { LayerState } from "./layer.ts";

/** The key of a layer's random bits: another one for each pass, from one stream. It is all that a snapshot has to carry. */
export class PassKey {
  #key: RandomKey;

  /** @param random tells this stream from others */
  constructor(random: Random) {
    this.#key = [random.uint32(), 0];
  }

  /** That of the last pass, 0 before the first. */
  get current(): RandomKey {
    return this.#key;
  }

  /** That of the next pass. */
  get next(): RandomKey {
    const [stream, pass] = this.#key;
    return [stream, (pass + 1) >>> 0];
  }

  /** A pass begins, and has the key that `next` gave. */
  advance(): RandomKey {
    this.#key = this.next;
    return this.#key;
  }

  /** As `Layer.state` gives it. */
  state(): LayerState {
    return { random: this.#key };
  }

  /** Goes on from what `state` gave. */
  restore(state: LayerState): void {
    const [stream = 0, pass = 0] = state["random"] as readonly number[];
    this.#key = [stream, pass];
  }
}
