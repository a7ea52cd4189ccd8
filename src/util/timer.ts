/**
 * Measures how long something takes: `start`, `stop`, then `ms` or `seconds`. Each start begins anew.
 * @see Caffe's Timer
 */
export class Timer {
  #startedAt = 0;
  #stoppedAt: number | undefined = 0;

  start(): void {
    this.#startedAt = performance.now();
    this.#stoppedAt = undefined;
  }

  stop(): void {
    this.#stoppedAt ??= performance.now();
  }

  /** Milliseconds from start to stop, or to now while it runs. */
  get ms(): number {
    return (this.#stoppedAt ?? performance.now()) - this.#startedAt;
  }

  get seconds(): number {
    return this.ms / 1000;
  }
}
