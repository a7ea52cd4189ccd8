import type { ChoiceStore, Choices } from "../choices.ts";

/** Runs of each candidate that are timed, after one that warms caches. */
const RUNS = 2;
/** The share of the likeliest candidate's time below which another has to be: clocks are coarse. */
const MARGIN = 0.95;

/** What a run is to take, and whom to tell how long it took, where that is of interest. */
export interface Way {
  readonly name: string;
  readonly told?: (ms: number) => void;
}

/**
 * Chooses the fastest of several ways to compute the same to the bit, in runs that are made anyway: each takes another way, until the
 * GPU's clock has told of all. A choice holds for later runs of the program through its store.
 */
export class Trials {
  readonly #store: ChoiceStore;
  readonly #choices: Choices;
  /** Of each shape that was met: layers of one shape try together. */
  readonly #ofShapes: Map<string, () => Way> = new Map();

  constructor(store: ChoiceStore) {
    this.#store = store;
    this.#choices = store.read();
  }

  /**
   * The trial of a shape: what each run is to take.
   * @param key what it is for
   * @param names the candidates, the likeliest first
   */
  of(key: string, names: readonly string[]): () => Way {
    const known = this.#ofShapes.get(key) ?? this.#begin(key, names);
    this.#ofShapes.set(key, known);
    return known;
  }

  #begin(key: string, names: readonly string[]): () => Way {
    const times = new Map<string, number[]>(names.map((name) => [name, []]));
    let asked = 0;
    return () => {
      const known = this.#choices[key];
      if (known !== undefined && times.has(known)) return { name: known };
      const name = names[asked++ % names.length] ?? "";
      return { name, told: (ms) => this.#note(key, times, name, ms) };
    };
  }

  #note(key: string, times: ReadonlyMap<string, number[]>, name: string, ms: number): void {
    times.get(name)?.push(ms);
    // Runs that were on their way when it was chosen.
    if (times.has(this.#choices[key] ?? "")) return;
    if ([...times.values()].some((laps) => laps.length <= RUNS)) return;
    let best: { readonly name: string; readonly ms: number } | undefined;
    for (const [candidate, [, ...laps]] of times) {
      const least = Math.min(...laps);
      if (!best || least < best.ms * MARGIN) best = { name: candidate, ms: least };
    }
    if (!best) return;
    this.#choices[key] = best.name;
    this.#store.write({ [key]: best.name });
  }
}
