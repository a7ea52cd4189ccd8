/** What a resumed run needs to know of a best value. */
interface BestValueState {
  readonly value: number;
  readonly iter: number;
}

/** The best value so far of a number that ought to fall, or to rise, and the iteration it was seen at. */
export class BestValue {
  readonly mode: "min" | "max";
  readonly #minDelta: number;
  #value: number | undefined;
  #iter = 0;

  /** @param minDelta a change of no more than this does not count as better */
  constructor(mode: "min" | "max", minDelta = 0) {
    this.mode = mode;
    this.#minDelta = minDelta;
  }

  /** Undefined before the first value. */
  get value(): number | undefined {
    return this.#value;
  }

  /** The iteration of the best value; 0 before the first one. */
  get iter(): number {
    return this.#iter;
  }

  /** Takes a value in; returns whether it is the best so far. NaN and infinity never are. */
  offer(value: number, iter: number): boolean {
    if (!Number.isFinite(value)) return false;
    if (this.#value !== undefined) {
      const gain = this.mode === "min" ? this.#value - value : value - this.#value;
      if (!(gain > this.#minDelta)) return false;
    }
    this.#value = value;
    this.#iter = iter;
    return true;
  }

  state(): BestValueState | undefined {
    return this.#value === undefined ? undefined : { value: this.#value, iter: this.#iter };
  }

  restore(state: BestValueState | undefined): void {
    this.#value = state?.value;
    this.#iter = state?.iter ?? 0;
  }
}
