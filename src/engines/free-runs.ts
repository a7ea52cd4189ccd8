/** A part of a memory: where it begins and how long it is, in any unit. */
export interface Run {
  begin: number;
  length: number;
}

/** The runs of a memory that are free, in order, no two of them neighbours. */
export class FreeRuns {
  readonly #free: Run[] = [];

  /** The first run that has room, or as much of it as is asked for; undefined where none has. */
  take(length: number): Run | undefined {
    const at = this.#free.findIndex((run) => run.length >= length);
    const found = this.#free[at];
    if (!found) return undefined;
    const { begin } = found;
    if (found.length === length) this.#free.splice(at, 1);
    else {
      found.begin += length;
      found.length -= length;
    }
    return { begin, length };
  }

  /** All of them, as they are now. */
  get runs(): readonly Readonly<Run>[] {
    return this.#free;
  }

  /** Makes a run free, again or for the first time. */
  give({ begin, length }: Run): void {
    const after = this.#free.findIndex((run) => run.begin > begin);
    const at = after < 0 ? this.#free.length : after;
    const [before, next] = [this.#free[at - 1], this.#free[at]];
    const touchesNext = next !== undefined && begin + length === next.begin;
    if (before && before.begin + before.length === begin) {
      before.length += length + (touchesNext ? next.length : 0);
      if (touchesNext) this.#free.splice(at, 1);
    } else if (touchesNext) {
      next.begin = begin;
      next.length += length;
    } else this.#free.splice(at, 0, { begin, length });
  }
}
