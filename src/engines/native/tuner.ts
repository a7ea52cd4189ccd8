import { EngineError } from "../../util/errors.ts";
import type { ChoiceStore, Choices } from "../choices.ts";

/** How one of several processes that compute together chooses: as the first of them has, where that knows. */
export interface SharedTuning {
  /** Tells its own later choices from those of the others: "rank-1-of-2". */
  readonly name: string;
  /** What the first of them knew when all began. */
  readonly known: Choices;
}

/** What a trial is asked for besides. */
interface Trial<T> {
  /** Of shapes that are alike: one that has not been met takes what the first of its kind took, without a trial. */
  readonly kind?: string;
  /** Whether a candidate other than the first is tried. */
  readonly isWorth?: (made: T) => boolean;
}

/** Timed runs of each candidate in a round, after one that warms caches. */
const RUNS = 2;
/** Rounds of all candidates: what else the machine does in a moment disturbs one of a round, not of all. */
const ROUNDS = 3;
/** No round begins after so long a time, in milliseconds: moments are short beside it. */
const LONG = 20;
/** The share of the best time so far below which a later candidate has to be: the first is the most exact. */
const MARGIN = 0.9;

/**
 * Chooses the fastest of several algorithms for a shape by a short trial when the shape is first met. A choice holds
 * for the rest of the run, and for later runs through its store: the bits of results depend on it.
 */
export class Tuner {
  readonly #store: ChoiceStore | undefined;
  readonly #choices: Choices;
  readonly #known: Choices;

  /**
   * @param store where choices come from and go to; without one the first candidate is always taken
   * @param known choices of others, for what the store does not know
   */
  constructor(store?: ChoiceStore, known: Choices = {}) {
    this.#store = store;
    this.#choices = store?.read() ?? {};
    this.#known = known;
  }

  /**
   * One of the candidates, made.
   * @param key what it is for: direction and shapes
   * @param names the candidates, first the one that always can be made
   * @param make makes one; throws where the library lacks it for this shape
   * @param run runs it on the arrays that it is about to work on; again and again to the same end
   * @param trial what is not as for most
   */
  choose<T>(
    key: string,
    names: readonly string[],
    make: (name: string) => T,
    run: (made: T) => void,
    { kind = key, isWorth = () => true }: Trial<T> = {},
  ): T {
    const [first = ""] = names;
    if (!this.#store || names.length < 2) return make(first);
    const known = this.#knownOf(key) ?? this.#knownOf(kind);
    if (known !== undefined && names.includes(known)) {
      const made = attempt(() => make(known));
      if (made !== undefined) return made;
    }
    const candidates = names.flatMap((name) => {
      const made = attempt(() => make(name));
      const isLeftOut = made === undefined || (name !== first && !isWorth(made));
      return isLeftOut ? [] : [{ name, made, ms: Number.POSITIVE_INFINITY }];
    });
    let [best] = candidates;
    if (!best) throw new EngineError(`none of ${names.join(", ")} can be made for ${key}.`);
    const end = performance.now() + LONG;
    for (let round = 0; round < ROUNDS && (round === 0 || performance.now() < end); round++) {
      for (const one of candidates) {
        one.ms = Math.min(
          one.ms,
          timeOf(() => run(one.made)),
        );
      }
    }
    for (const one of candidates) if (one.ms < best.ms * MARGIN) best = one;
    const found = { [kind]: this.#choices[kind] ?? best.name, [key]: best.name };
    Object.assign(this.#choices, found);
    this.#store.write(found);
    return best.made;
  }

  #knownOf(key: string): string | undefined {
    return this.#choices[key] ?? this.#known[key];
  }
}

/** The least of a few runs, in milliseconds. */
function timeOf(run: () => void): number {
  run();
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < RUNS; i++) {
    const since = performance.now();
    run();
    least = Math.min(least, performance.now() - since);
  }
  return least;
}

/** What `make` gives, undefined where it throws. */
function attempt<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
