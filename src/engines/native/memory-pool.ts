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
/** How many parts a slab remembers: more than any net has; only shapes that never stop changing make so many. */
const MOST_PARTS = 1 << 14;

/**
 * One reservation of memory and the runs in it that are free. The system gives it memory only where it is written.
 */
class Slab {
  /** How far it has ever been held. */
  used = 0;
  readonly #addon: Addon;
  readonly #whole: StoreMemory;
  readonly #free = new FreeRuns();
  /** Parts that were held once, by where they lie: a step takes the same ones again. */
  readonly #parts: Map<string, StoreMemory> = new Map();

  constructor(addon: Addon, floats: number) {
    this.#addon = addon;
    this.#whole = new addon.Store(floats, true);
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

  memoryOf({ begin, length }: Run): StoreMemory {
    const key = `${begin} ${length}`;
    let part = this.#parts.get(key);
    if (!part) {
      if (this.#parts.size >= MOST_PARTS) this.#parts.clear();
      part = new this.#addon.Store(this.#whole, begin, length);
      this.#parts.set(key, part);
    }
    return part;
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
  /** For what comes and goes within a step, and for what lasts: each of those would leave a gap among the others. */
  readonly #passing: Slab[] = [];
  readonly #lasting: Slab[] = [];
  /** Memory of an op that was never closed comes back when the op is collected. */
  readonly #abandoned = new FinalizationRegistry<Allocation>(({ slab, run }) => slab.give(run));

  constructor(addon: Addon) {
    this.#addon = addon;
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
    const held: Held = { memory: allocation.slab.memoryOf(allocation.run), allocation, holders: 1 };
    this.#abandoned.register(held, allocation, held);
    return held;
  }

  /** Memory for as long as `use` runs, with whatever was there. */
  lend(count: number, use: (memory: StoreMemory) => void): void {
    const { slab, run } = this.#find(this.#passing, lengthFor(count));
    try {
      use(slab.memoryOf(run));
    } finally {
      slab.give(run);
    }
  }

  /** One holder less; the last one gives the memory back. */
  release(held: Held): void {
    held.holders--;
    if (held.holders !== 0) return;
    this.#abandoned.unregister(held);
    held.allocation.slab.give(held.allocation.run);
  }

  #find(slabs: Slab[], length: number): Allocation {
    for (const slab of slabs) {
      const run = slab.take(length);
      if (run) return { slab, run };
    }
    const slab = this.#reserve(length);
    slabs.push(slab);
    return { slab, run: slab.take(length) as Run };
  }

  /** A slab as large as the machine's memory, or as much of that as the system lets us reserve. */
  #reserve(length: number): Slab {
    for (let floats = totalmem() / 4; floats > Math.max(length, LEAST); floats /= 2) {
      try {
        return new Slab(this.#addon, Math.floor(floats / LINE) * LINE);
      } catch {
        // Half of it may be had.
      }
    }
    return new Slab(this.#addon, Math.max(length, LEAST));
  }
}

/** Floats of the run for an array of so many. */
function lengthFor(count: number): number {
  return Math.ceil(Math.max(1, count) / LINE) * LINE;
}
