import { Random } from "../../util/random.ts";
import type { RandomKey } from "../../util/random-bits.ts";
import type { LayerState } from "./layer.ts";

/** The key of a layer's random bits: another one for each pass, from one stream. It is all that a snapshot has to carry. */
export class PassKey {
  #key: RandomKey;
  /** What tells the streams of ranks apart; 0 for the first. The state is without it, and so the same on all. */
  readonly #ofRank: number;

  /**
   * @param random tells this stream from others
   * @param rank which of the solvers that train side by side this is of: each has a stream of its own
   */
  constructor(random: Random, rank = 0) {
    this.#ofRank = rank === 0 ? 0 : new Random(rank, "rank").uint32();
    this.#key = this.#mixed([random.uint32(), 0]);
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
    return { random: this.#mixed(this.#key) };
  }

  /** Goes on from what `state` gave. */
  restore(state: LayerState): void {
    const [stream = 0, pass = 0] = state["random"] as readonly number[];
    this.#key = this.#mixed([stream, pass]);
  }

  /** A key of all ranks as this one's, or the other way round. */
  #mixed([stream, pass]: RandomKey): RandomKey {
    return [(stream ^ this.#ofRank) >>> 0, pass];
  }
}
