import { shuffled } from "../../util/shuffled.ts";
import type { BasePlan } from "./loader.ts";

/** How the entries of a list come. */
export interface OrderedPlan extends BasePlan {
  /** The order is drawn anew for every pass. */
  readonly shuffle: boolean;
  /** How many entries the first pass begins behind the first. */
  readonly skip: number;
}

/** Which entry of a list comes when: as listed, or in an order drawn anew for every pass. */
export class ListOrder {
  readonly #plan: OrderedPlan;
  readonly #count: number;
  readonly #draw: (pass: number) => Uint32Array<ArrayBuffer>;
  #pass = -1;
  #order = new Uint32Array(0);

  /** @param draw the order of a shuffled pass: any, unless it is given */
  constructor(
    plan: OrderedPlan,
    count: number,
    draw = (pass: number): Uint32Array<ArrayBuffer> =>
      shuffled(count, plan.seed, plan.stream, "order", pass),
  ) {
    this.#plan = plan;
    this.#count = count;
    this.#draw = draw;
  }

  passOf(position: number): number {
    return Math.floor((position + this.#plan.skip) / this.#count);
  }

  /** The number of the entry at a place since the beginning of training. */
  at(position: number): number {
    const { skip, shuffle } = this.#plan;
    const index = (position + skip) % this.#count;
    if (!shuffle) return index;
    const pass = this.passOf(position);
    if (pass !== this.#pass) {
      this.#order = this.#draw(pass);
      this.#pass = pass;
    }
    return this.#order[index] ?? 0;
  }

  /** Whether a pass begins among the records from `first` to `last`. */
  beginsIn(first: number, last: number): boolean {
    return this.passOf(last) > this.passOf(Math.max(first - 1, 0));
  }
}
