import { CaffeError } from "../util/errors.ts";

/** Objects that another process knows by numbers: each lives here as long as it is referred to there. */
export class References {
  readonly #objects: Map<number, { readonly object: object; holders: number }> = new Map();
  readonly #numbers: Map<object, number> = new Map();
  #last = 0;

  /** The number of an object, which is held once more; `release` gives it back. */
  take(object: object): number {
    const known = this.#numbers.get(object);
    const held = known === undefined ? undefined : this.#objects.get(known);
    if (known !== undefined && held) {
      held.holders++;
      return known;
    }
    const number = ++this.#last;
    this.#objects.set(number, { object, holders: 1 });
    this.#numbers.set(object, number);
    return number;
  }

  /**
   * The object of that number.
   * @throws CaffeError where there is none of that class any more
   */
  get<T extends object>(number: number, Class: abstract new (...args: never[]) => T): T {
    const object = this.#objects.get(number)?.object;
    if (object instanceof Class) return object;
    throw new CaffeError(
      `there is no ${Class.name} ${number}. Expected one that was not given up.`,
    );
  }

  /** Holds it once less; returns the object where nothing holds it any more. */
  release(number: number): object | undefined {
    const held = this.#objects.get(number);
    if (!held || --held.holders > 0) return undefined;
    this.#objects.delete(number);
    this.#numbers.delete(held.object);
    return held.object;
  }
}
