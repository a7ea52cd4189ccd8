import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { Addon, Buffer, NativeTape, Primitive } from "./addon.ts";
import type { MemoryPool } from "./memory-pool.ts";
import { NativeStore } from "./native-store.ts";

/** Functions of the addon that do the same again with the same arguments, and give nothing back. */
const REPEATABLE: ReadonlySet<string> = new Set<keyof Addon>([
  ...(["copy", "axpby", "gemm", "rowProducts", "fillRows", "unaryForward"] as const),
  ...(["batchNormForward", "clearPadding", "scaleForward", "preluForward", "dropout"] as const),
  ...([
    "sum",
    "product",
    "maximum",
    "join",
    "crop",
    "permute",
    "tile",
    "softmax",
    "squares",
  ] as const),
  ...(["maxPool", "indexedMaxPool", "meanPool", "lrnWithin", "lrnAcross"] as const),
]);

/**
 * What follows from the greatest number of an array holds for all that are not greater: a bound that most inputs are below is
 * taken for it, and where that is not enough the number with some room above, so that the next ones do not have to be recorded anew.
 */
const USUAL = 1024;
const ROOM = 2;

/** Bytes of a tape's memory at most: what larger nets would save is little beside their time, and each net would hold as much. */
export const MOST_MEMORY = 2 ** 27;

type Call = (...args: readonly never[]) => unknown;

/** An array of JavaScript's whose memory calls know by its address. */
interface HeldArray {
  readonly array: Float32Array;
  readonly length: number;
}

/** The native calls of one pass, in their order. What they are made of stays as long as the tape. */
export class Tape {
  /** Where arrays between the layers lie: nothing else takes that memory. */
  readonly pool: MemoryPool;
  readonly #calls: NativeTape;
  /** Arrays that calls are given, and primitives that run. */
  readonly #seen: Set<unknown> = new Set();
  readonly #arrays: HeldArray[] = [];
  #isWhole = true;

  constructor(addon: Pick<Addon, "Tape">, pool: MemoryPool) {
    this.#calls = new addon.Tape();
    this.pool = pool;
  }

  /**
   * Notes a call.
   * @param called a function of the addon by its name, or the primitive that runs
   * @param limit the result may not be greater; undefined where there is none
   */
  add(called: string | Primitive, args: readonly unknown[], limit?: number): void {
    this.#calls.add(called, args, limit);
    this.#seen.add(called);
    for (const arg of args) {
      if (Array.isArray(arg)) for (const one of arg) this.#seen.add(one);
      else if (typeof arg === "object") this.#seen.add(arg);
    }
  }

  /** Something is done that cannot be done again, or need not. */
  spoil(): void {
    this.#isWhole = false;
  }

  /** Whether the array's newest elements lie where calls have written or read. */
  knows(mem: SyncedMem): boolean {
    const store = mem.freshPrivate();
    if (store instanceof NativeStore) return this.#seen.has(store.memory);
    return mem.isCpuFresh && this.#seen.has(mem.cpu());
  }

  /** What makes the calls again, and says whether all numbers were as small as expected; undefined where that cannot be. */
  end(): (() => boolean) | undefined {
    if (!this.#isWhole || this.pool.bytes > MOST_MEMORY) return undefined;
    for (const one of this.#seen) {
      if (one instanceof Float32Array) this.#arrays.push({ array: one, length: one.length });
    }
    return () => this.#again();
  }

  #again(): boolean {
    // An array that has been handed to another thread has no memory any more.
    for (let i = 0; i < this.#arrays.length; i++) {
      const { array, length } = this.#arrays[i] as HeldArray;
      if (array.length !== length) return false;
    }
    return this.#calls.play();
  }
}

/** The addon, whose calls are noted on a tape while there is one. */
export function withTape(addon: Addon, tapeNow: () => Tape | undefined): Addon {
  const taped = Object.create(addon) as Record<string, unknown>;
  const note = (name: string, call: Call): Call => {
    const isRepeatable = REPEATABLE.has(name);
    return (...args) => {
      const tape = tapeNow();
      if (tape && isRepeatable) tape.add(name, args);
      else tape?.spoil();
      return call(...args);
    };
  };
  for (const [name, value] of Object.entries(addon)) {
    if (typeof value === "function" && !isClass(name)) taped[name] = note(name, value as Call);
  }
  taped["greatest"] = (count: number, x: Buffer): number => {
    const most = addon.greatest(count, x);
    const tape = tapeNow();
    if (!tape) return most;
    // What is no number, or may overflow, takes another way.
    if (most === Number.POSITIVE_INFINITY) tape.spoil();
    const limit = Math.max(most * ROOM, USUAL);
    tape.add("greatest", [count, x], limit);
    return limit;
  };
  return taped as unknown as Addon;
}

/** `Layout`, `Store`, `Tape`: they are made, not called. */
function isClass(name: string): boolean {
  return /^[A-Z]/.test(name);
}
