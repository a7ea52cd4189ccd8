import type { Layout } from "./addon.ts";

/** Makes something once for each layout it is asked for. */
export class PerLayout<T> {
  readonly #made: Map<string, T> = new Map();
  readonly #make: (layout: Layout) => T;
  #lastKey = "";
  #last: T | undefined;

  constructor(make: (layout: Layout) => T) {
    this.#make = make;
  }

  get(layout: Layout): T {
    if (this.#last !== undefined && this.#lastKey === layout.key) return this.#last;
    let value = this.#made.get(layout.key);
    if (value === undefined) {
      value = this.#make(layout);
      this.#made.set(layout.key, value);
    }
    this.#lastKey = layout.key;
    this.#last = value;
    return value;
  }
}
