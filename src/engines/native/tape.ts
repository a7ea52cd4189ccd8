import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { Addon, Buffer } from "./addon.ts";
import type { MemoryPool } from "./memory-pool.ts";
import { NativeStore } from "./native-store.ts";

/** Functions of the addon that do the same again with the same arguments, and give nothing back. */
const REPEATABLE: ReadonlySet<string> = new Set<keyof Addon>([
  ...(["copy", "axpby", "gemm", "rowProducts", "fillRows", "unaryForward"] as const),
  ...(["batchNormForward", "clearPadding", "scaleForward", "preluForward", "dropout"] as const),
  ...(["sum", "product", "maximum", "join", "crop", "permute", "tile", "softmax"] as const),
  ...(["maxPool", "indexedMaxPool", "meanPool", "lrnWithin", "lrnAcross"] as const),
]);

/**
 * What follows from the greatest number of an array holds for all that are not greater: a bound that most inputs are below is
 * taken for it, so that the next ones do not have to be recorded anew.
 */
const USUAL = 1024;

/** Bytes of a tape's memory at most: what larger nets would save is little beside their time. */
export const MOST_MEMORY = 2 ** 24;

type Call = (...args: readonly never[]) => unknown;

interface Step {
  readonly call: Call;
  readonly self: object;
  readonly args: readonly unknown[];
  /** The result may not be greater; undefined where there is none. */
  readonly limit: number | undefined;
}

/** The native calls of one pass, in their order. What they are made of stays as long as the tape. */
export class Tape {
  /** Where arrays between the layers lie: nothing else takes that memory. */
  readonly pool: MemoryPool;
  readonly #steps: Step[] = [];
  readonly #seen: Set<unknown> = new Set();
  #isWhole = true;

  constructor(pool: MemoryPool) {
    this.pool = pool;
  }

  add(call: Call, self: object, args: readonly unknown[], limit?: number): void {
    this.#steps.push({ call, self, args, limit });
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
    const steps = this.#steps;
    return () => {
      for (let i = 0; i < steps.length; i++) {
        const { call, self, args, limit } = steps[i] as Step;
        const result = Reflect.apply(call, self, args);
        if (limit !== undefined && (result as number) > limit) return false;
      }
      return true;
    };
  }
}

/** The addon, whose calls are noted on a tape while there is one. */
export function withTape(addon: Addon, tapeNow: () => Tape | undefined): Addon {
  const taped = Object.create(addon) as Record<string, unknown>;
  const note = (name: string, call: Call): Call => {
    const isRepeatable = REPEATABLE.has(name);
    return (...args) => {
      const tape = tapeNow();
      if (tape && isRepeatable) tape.add(call, addon, args);
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
    const limit = Math.max(most, USUAL);
    tape.add(addon.greatest as Call, addon, [count, x], limit);
    return limit;
  };
  return taped as unknown as Addon;
}

/** `Layout`, `Store`: they are made, not called. */
function isClass(name: string): boolean {
  return /^[A-Z]/.test(name);
}
