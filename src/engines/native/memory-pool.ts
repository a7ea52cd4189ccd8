import { totalmem } from "node:os";
import { FreeRuns, type Run } from "../free-runs.ts";
import type { Addon, StoreMemory } from "./addon.ts";

/** Memory that one or several arrays or ops hold; a writer takes other memory while it has several holders. */
export interface Held {
  readonly memory: StoreMemory;
  readonly allocation: Allocation;
  holders: number;
}

/** Floats of a run of memory: arrays begin at cache lines. */
const LINE = 16;
/** What is reserved at least, in floats. */
const LEAST = 1 << 20;
/** What is reserved at once, in floats, where that counts as used. */
const SHARE = 1 << 24;
/** How many parts a slab remembers: more than any net has; only shapes that never stop changing make so many. */
const MOST_PARTS = 1 << 14;

/** A run of a slab as it was held once: its memory, and what held it, for whoever takes it next. */
interface Part {
  readonly memory: StoreMemory;
  idle: Held | undefined;
}

/**
 * One reservation of memory and the runs in it that are free. The system gives it memory only where it is written.
 */
class Slab {
  /** How far it has ever been held. */
  used = 0;
  readonly #addon: Addon;
  readonly #onForgotten: (idle: Held) => void;
  readonly #whole: StoreMemory;
  readonly #free = new FreeRuns();
  /** Parts that were held once, by where they begin and how long they are: a step takes the same ones again. */
  readonly #parts: Map<number, Map<number, Part>> = new Map();
  #partCount = 0;

  /**
   * @param isLarge in large pages
   * @param onForgotten is told of what nobody holds and is not kept for the next
   */
  constructor(addon: Addon, floats: number, isLarge: boolean, onForgotten: (idle: Held) => void) {
    this.#addon = addon;
    this.#onForgotten = onForgotten;
    this.#whole = new addon.Store(floats, true, isLarge);
    this.#free.give({ begin: 0, length: floats });
  }

  /** The first run that has room; undefined where none has. */
  take(length: number): Run | undefined {
    const run = this.#free.take(length);
    if (run) this.used = Math.max(this.used, run.begin + length);
    return run;
  }

  give(run: Run): void {
    this.#free.give(run);
  }

  /** Gives the memory under a run, or under all that are free, back to the system; they stay reserved. */
  discard(runs: readonly Readonly<Run>[] = this.#free.runs): void {
    for (const { begin, length } of runs) {
      const end = Math.min(begin + length, this.used);
      if (end > begin) this.#addon.discard(this.#whole, begin, end - begin);
    }
  }

  partOf({ begin, length }: Run): Part {
    const known = this.#parts.get(begin)?.get(length);
    if (known) return known;
    if (this.#partCount >= MOST_PARTS) this.#forget();
    const part: Part = {
      memory: new this.#addon.Store(this.#whole, begin, length),
      idle: undefined,
    };
    const here = this.#parts.get(begin) ?? new Map<number, Part>();
    this.#parts.set(begin, here.set(length, part));
    this.#partCount++;
    return part;
  }

  #forget(): void {
    for (const here of this.#parts.values()) {
      for (const { idle } of here.values()) if (idle) this.#onForgotten(idle);
    }
    this.#parts.clear();
    this.#partCount = 0;
  }
}

/** Where memory that is held lies. */
interface Allocation {
  readonly slab: Slab;
  readonly run: Run;
}

/**
 * Memory that is given back and taken again, so that a step allocates nothing and arrays whose lives do not overlap
 * lie at the same address, whatever their sizes.
 */
export class MemoryPool {
  readonly #addon: Addon;
  readonly #most: number;
  /**
   * For what comes and goes within a step, and for what lasts: each of those would leave a gap among the others. What lasts is filled once, as
   * a net opens, which takes a fraction of the time in large pages.
   */
  readonly #passing: Slab[] = [];
  readonly #lasting: Slab[] = [];
  /**
   * Memory of an op that was never closed comes back when the op is collected. To watch an object takes as long as a small layer, so
   * what held a part is used again by the next that takes it, and watched once.
   */
  readonly #abandoned = new FinalizationRegistry<Allocation>(({ slab, run }) => {
    slab.discard([run]);
    slab.give(run);
  });

  /** @param most floats that are reserved at once: as many as the machine's memory holds, where reserving takes nothing from others */
  constructor(addon: Addon, most: number = addon.countsReserved ? SHARE : totalmem() / 4) {
    this.#addon = addon;
    this.#most = most;
  }

  /** Bytes used so far: the peak of what was held at one time, and gaps. */
  get bytes(): number {
    return 4 * [...this.#passing, ...this.#lasting].reduce((sum, { used }) => sum + used, 0);
  }

  /**
   * Memory for `count` floats, with whatever was there.
   * @param isLasting for something that is held from step to step
   */
  take(count: number, isLasting = false): Held {
    const allocation = this.#find(isLasting ? this.#lasting : this.#passing, lengthFor(count));
    const part = allocation.slab.partOf(allocation.run);
    const { idle } = part;
    if (idle) {
      part.idle = undefined;
      idle.holders = 1;
      return idle;
    }
    const held: Held = { memory: part.memory, allocation, holders: 1 };
    this.#abandoned.register(held, allocation, held);
    return held;
  }

  /** Memory for as long as `use` runs, with whatever was there. */
  lend(count: number, use: (memory: StoreMemory) => void): void {
    const { slab, run } = this.#find(this.#passing, lengthFor(count));
    try {
      use(slab.partOf(run).memory);
    } finally {
      slab.give(run);
    }
  }

  /** One holder less; the last one gives the memory back. */
  release(held: Held): void {
    held.holders--;
    if (held.holders !== 0) return;
    const { slab, run } = held.allocation;
    slab.give(run);
    slab.partOf(run).idle = held;
  }

  /** Gives memory that nobody holds back to the system: whoever takes it next finds it empty. */
  giveBack(): void {
    for (const slab of [...this.#passing, ...this.#lasting]) slab.discard();
  }

  #find(slabs: Slab[], length: number): Allocation {
    for (const slab of slabs) {
      const run = slab.take(length);
      if (run) return { slab, run };
    }
    const slab = this.#reserve(length, slabs === this.#lasting);
    slabs.push(slab);
    return { slab, run: slab.take(length) as Run };
  }

  /** A slab as large as the machine's memory, or as much of that as the system lets us reserve. */
  #reserve(length: number, isLarge: boolean): Slab {
    for (let floats = this.#most; floats > Math.max(length, LEAST); floats /= 2) {
      try {
        return this.#slab(Math.floor(floats / LINE) * LINE, isLarge);
      } catch {
        // Half of it may be had.
      }
    }
    return this.#slab(Math.max(length, LEAST), isLarge);
  }

  #slab(floats: number, isLarge: boolean): Slab {
    const forget = (idle: Held): void => void this.#abandoned.unregister(idle);
    return new Slab(this.#addon, floats, isLarge, forget);
  }
}

/** Floats of the run for an array of so many. */
function lengthFor(count: number): number {
  return Math.ceil(Math.max(1, count) / LINE) * LINE;
}
