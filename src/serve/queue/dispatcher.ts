import type { PassQueue } from "./pass-queue.ts";

/**
 * Lets passes of all models take turns: so many at once as there are places, since each uses all of its engine's threads. The
 * model whose oldest question has waited longest comes first.
 */
export class Dispatcher {
  readonly #queues = new Set<PassQueue>();
  #free: number;
  #willStart = false;

  /** @param places how many passes run at once */
  constructor(places: number) {
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
    while (this.#free > 0) {
      let [next, oldest]: [PassQueue | undefined, number] = [undefined, Number.POSITIVE_INFINITY];
      for (const queue of this.#queues) {
        const since = queue.readySince;
        if (since === undefined || since >= oldest) continue;
        [next, oldest] = [queue, since];
      }
      if (!next) return;
      this.#free--;
      void next.run().then(() => {
        this.#free++;
        this.wake();
      });
    }
  }
}
