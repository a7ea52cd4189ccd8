import { availableParallelism } from "node:os";
import { bridgeAddon } from "./addon.ts";

/** How long to look for a message before sleeping until it comes. */
const LOOK_US = 50;
/** Before how many messages at most it is not looked, where that was of no use. */
const LONGEST_REST = 63;

/**
 * Looks for a message that is about to come: to sleep and be woken takes longer than many an answer.
 *
 * It rests after a look in vain, before one message first, then before 3, 7 … 63, so that a program whose messages are
 * far apart pays for one look in 64. On a single core it never looks.
 */
export class Lookout {
  readonly #descriptor: number;
  #rests = 0;
  #nextRest = 1;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
    if (!canLook()) this.#rests = Number.POSITIVE_INFINITY;
  }

  /** Returns when there is something to read from the descriptor, or when to look longer is not worth it. */
  look(): void {
    if (this.#rests > 0) {
      this.#rests--;
    } else if (bridgeAddon().comes(this.#descriptor, LOOK_US)) {
      this.#nextRest = 1;
    } else {
      this.#rests = this.#nextRest;
      this.#nextRest = Math.min(2 * this.#nextRest + 1, LONGEST_REST);
    }
  }
}

/** A conversation without arrays, as Octave's is, needs no addon. */
function canLook(): boolean {
  if (availableParallelism() === 1) return false;
  try {
    bridgeAddon();
    return true;
  } catch {
    return false;
  }
}
