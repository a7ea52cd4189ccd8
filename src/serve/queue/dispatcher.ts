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

  /** Starts what can run once all that has come in is there: those who ask at the same moment share a pass. */
  readonly wake = (): void => {
    if (this.#willStart) return;
    this.#willStart = true;
    setImmediate(() => {
      this.#willStart = false;
      this.#start();
    });
  };

  #start(): void {
    const now = performance.now();
    const waiting = [...this.#queues].reduce((sum, { length }) => sum + length, 0);
    const isIdle = this.#free === this.#places;
    if (waiting > 1 || (waiting === 1 && !isIdle)) this.#crowdedAt = now;
    const isAlone = isIdle && now - this.#crowdedAt >= CROWDED_FOR;
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
