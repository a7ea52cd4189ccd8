/**
 * Lets pieces of work that share something run one after the other, in the order in which they were asked for. One that
 * fails tells its own caller; the next runs all the same.
 */
export class Turns {
  /** Settles when the piece of work that was asked for last has ended; undefined where none is left. */
  #last: Promise<void> | undefined;

  /** Whether a piece of work would have to wait. */
  get areTaken(): boolean {
    return this.#last !== undefined;
  }

  /** Runs `work` when all that was asked for before has ended: at once where that is nothing. */
  async take<T>(work: () => T | Promise<T>): Promise<T> {
    const before = this.#last;
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#last = ended;
    try {
      if (before) await before;
      return await work();
    } finally {
      if (this.#last === ended) this.#last = undefined;
      end();
    }
  }

  /**
   * For a piece of work whose turn it is: runs `work`, in which others may take turns, and goes on when they have ended.
   * So what it calls can ask for a turn and wait for it, which would otherwise wait for itself.
   */
  async aside<T>(work: () => T | Promise<T>): Promise<T> {
    const waiting = this.#last;
    this.#last = undefined;
    try {
      return await work();
    } finally {
      while (this.#last) await this.#last;
      this.#last = waiting;
    }
  }
}
