import type { PassQueue } from "./pass-queue.ts";

/** Milliseconds after several questions were there at once for which passes go on to run side by side. */
const CROWDED_FOR = 1000;

/**
 * Lets passes of all models take turns. A question that is there alone has the whole machine; where several come at once, so many
 * passes run side by side as there are places, each on its share of the cores: together they do more than one after the other
 * does on all, whose threads wait for one another in every layer. The model whose oldest question has waited longest comes first.
 */
export class Dispatcher {
  readonly #queues = new Set<PassQueue>();
  readonly #places: number;
  #free: number;
  #willStart = false;
  #crowdedAt = Number.NEGATIVE_INFINITY;

  /** @param places how many passes run side by side */
  constructor(places: number) {
    this.#places = places;
    this.#free = places;
  }

  add(queue: PassQueue): void {
    this.#queues.add(queue);
  }

  /**
   * Starts what can run once all that has come in is there: those who ask at the same moment share a pass. A short one of somebody who
   * has long been alone is not kept for that: it is over before others are found.
   */
  readonly wake = (): void => {
    if (this.#willStart) return;
    this.#willStart = true;
    if (this.#isQuiet(performance.now()) && this.#areShort()) this.#start(false);
    const hasBegun = this.#free < this.#places;
    setImmediate(() => {
      this.#willStart = false;
      this.#start(hasBegun);
    });
  };

  /** Whether no pass runs, and none had to be shared of late. */
  #isQuiet(now: number): boolean {
    return this.#free === this.#places && now - this.#crowdedAt >= CROWDED_FOR;
  }

  #areShort(): boolean {
    for (const queue of this.#queues) if (queue.length > 0 && !queue.isShort) return false;
    return true;
  }

  /** @param isBehind who waits now was there while a pass ran, though it may have ended */
  #start(isBehind: boolean): void {
    const now = performance.now();
    let waiting = 0;
    for (const { length } of this.#queues) waiting += length;
    if (waiting === 0) return;
    if (waiting > 1 || isBehind || this.#free < this.#places) this.#crowdedAt = now;
    const isAlone = this.#isQuiet(now);
    while (this.#free > 0) {
      let [next, oldest]: [PassQueue | undefined, number] = [undefined, Number.POSITIVE_INFINITY];
      for (const queue of this.#queues) {
        const since = queue.readySince;
        if (since === undefined || since >= oldest) continue;
        [next, oldest] = [queue, since];
      }
      if (!next) return;
      const isWhole = isAlone || !next.runsBeside;
      const taken = isWhole ? this.#places : 1;
      // Those behind it do not overtake who needs the whole machine.
      if (taken > this.#free) return;
      const share = this.#free;
      this.#free -= taken;
      void next.run(isWhole ? undefined : share).then(() => {
        this.#free += taken;
        this.wake();
      });
    }
  }
}
