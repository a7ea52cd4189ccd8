import type { Log } from "./log.ts";

/** What a log takes. */
type Line = Parameters<Log>;

/** Lines of which the first are known later than those behind them. */
interface Place {
  isFilled: boolean;
  readonly lines: Line[];
}

/** A log that keeps the order of lines of which some are known later than those behind them. */
export class OrderedLog {
  readonly #to: Log;
  readonly #places: Place[] = [];

  /** @param to takes the lines */
  constructor(to: Log) {
    this.#to = to;
  }

  /** Writes a line, behind all places that are held. */
  readonly log: Log = (...line) => {
    const last = this.#places.at(-1);
    if (last) last.lines.push(line);
    else this.#to(...line);
  };

  /** Holds a place. The function that comes back is called once: what it has written by then is logged there. */
  hold(): (write?: (log: Log) => void) => void {
    const place: Place = { isFilled: false, lines: [] };
    this.#places.push(place);
    return (write) => {
      const own: Line[] = [];
      write?.((...line) => void own.push(line));
      place.lines.unshift(...own);
      place.isFilled = true;
      while (this.#places[0]?.isFilled) {
        for (const line of this.#places.shift()?.lines ?? []) this.#to(...line);
      }
    };
  }
}
