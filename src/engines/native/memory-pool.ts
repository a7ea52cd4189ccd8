import type { Addon, StoreMemory } from "./addon.ts";

/** Memory that one or several arrays or ops hold; whoever writes while others hold it takes another. */
export interface Held {
  readonly memory: StoreMemory;
  /** Room for so many floats. */
  readonly room: number;
  holders: number;
}

/**
 * Memory that is given back and taken again, so that a step allocates nothing and arrays whose lives do not
 * overlap lie at the same place.
 */
export class MemoryPool {
  readonly #addon: Addon;
  /** What nobody holds, by its room. */
  readonly #free: Map<number, Held[]> = new Map();
  #floats = 0;

  constructor(addon: Addon) {
    this.#addon = addon;
  }

  /** Bytes taken from the system so far: the peak of what was held at one time. */
  get bytes(): number {
    return 4 * this.#floats;
  }

  /** Memory for `count` floats, with whatever was there. */
  take(count: number): Held {
    const room = roomFor(count);
    const kept = this.#free.get(room)?.pop();
    if (kept) {
      kept.holders = 1;
      return kept;
    }
    this.#floats += room;
    return { memory: new this.#addon.Store(room), room, holders: 1 };
  }

  /** One holder less; the last one gives the memory back. */
  release(held: Held): void {
    held.holders--;
    if (held.holders > 0) return;
    const list = this.#free.get(held.room);
    if (list) list.push(held);
    else this.#free.set(held.room, [held]);
  }
}

/** Rooms come in steps of an eighth of a power of two: arrays of nearly one size share, and little is wasted. */
function roomFor(count: number): number {
  const step = Math.max(1024, 2 ** Math.floor(Math.log2(Math.max(1, count))) / 8);
  return Math.ceil(Math.max(1, count) / step) * step;
}
