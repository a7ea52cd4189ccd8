/** The share of a run's time that looking at it may take: less than half of the percent that it is promised to cost at most. */
const SHARE = 0.004;
/** Milliseconds that may be taken at once: the views of a page that is opened. */
const MOST_MS = 400;

/** How much time may be taken from training: some at first, and a small share of the time that goes by. */
export class Allowance {
  readonly #now: () => number;
  #ms = MOST_MS;
  #since: number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#since = now();
  }

  /** Whether there is some left. */
  get isThere(): boolean {
    const now = this.#now();
    this.#ms = Math.min(MOST_MS, this.#ms + (now - this.#since) * SHARE);
    this.#since = now;
    return this.#ms > 0;
  }

  /** Takes time away, also more than there is: then it is a while until there is some again. */
  spend(ms: number): void {
    this.#ms -= ms;
  }
}

/** How many milliseconds something that takes `ms` may be repeated after, so that it takes its share and no more. */
export function restAfter(ms: number): number {
  return ms / SHARE;
}
