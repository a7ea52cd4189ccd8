import { Random } from "../../util/random.ts";
import type { RandomKey } from "../../util/random-bits.ts";
import type { LayerState } from "./layer.ts";

/** The key of a layer's random bits: another one for each pass, from one stream. It is all that a snapshot has to carry. */
export class PassKey {
  #key: RandomKey;
  /** What tells the streams of ranks apart; 0 for the first. No part of the state, so that it is the same on all. */
  readonly #ofRank: number;

  /**
   * @param random tells this stream from others
   * @param rank which of the solvers that train side by side this is of: each has a stream of its own
   */
  constructor(random: Random, rank = 0) {
    this.#key = [random.uint32(), 0];
    this.#ofRank = rank === 0 ? 0 : new Random(rank, "rank").uint32();
  }

  /** That of the last pass, 0 before the first. */
  get current(): RandomKey {
    const [stream, pass] = this.#key;
    return [(stream ^ this.#ofRank) >>> 0, pass];
  }

  /** That of the next pass. */
  get next(): RandomKey {
    const [stream, pass] = this.current;
    return [stream, (pass + 1) >>> 0];
  }

  /** A pass begins, and has the key that `next` gave. */
  advance(): RandomKey {
    const [stream, pass] = this.#key;
    this.#key = [stream, (pass + 1) >>> 0];
    return this.current;
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
