import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { Held } from "./memory-pool.ts";

/** What is multiplied into weights: a number for each output channel, or nothing. */
export type Factors = Float32Array | undefined;

/** What an op has made of weights that stay, and what of: the array as it was after so many writes, and factors. */
export interface MadeOfWeights {
  readonly held: Held;
  writes: number;
  factors: Factors;
}

/** Whether it is what would be made now; factors that have changed are another array. */
export function isMadeOf(made: MadeOfWeights, w: SyncedMem, factors: Factors): boolean {
  if (made.writes !== w.writes) return false;
  if (made.factors === factors) return true;
  return (
    made.factors?.length === factors?.length &&
    made.factors?.every((factor, o) => factor === factors?.[o]) === true
  );
}

/**
 * What was made last of each array, by the form that it has: ops that multiply by one array make it once, be they of nets that share it, for
 * passes of other numbers of rows, or follow each other as images change their size.
 */
class LastMade<Made extends MadeOfWeights> {
  readonly #ofArrays: WeakMap<SyncedMem, Map<string, WeakRef<Made>>> = new WeakMap();

  get(w: SyncedMem, form: string): Made | undefined {
    return this.#ofArrays.get(w)?.get(form)?.deref();
  }

  set(w: SyncedMem, form: string, made: Made): void {
    const ofArray = this.#ofArrays.get(w) ?? new Map<string, WeakRef<Made>>();
    this.#ofArrays.set(w, ofArray.set(form, new WeakRef(made)));
  }

  /** What was made of an array, which is forgotten. */
  take(w: SyncedMem): Held[] {
    const ofArray = this.#ofArrays.get(w);
    this.#ofArrays.delete(w);
    return [...(ofArray?.values() ?? [])].flatMap((ref) => ref.deref()?.held ?? []);
  }
}

/** Weights with factors multiplied in. */
export interface Folded extends MadeOfWeights {
  greatest: number;
}

export const lastFolded = new LastMade<Folded>();

/** Weights as products of Winograd's algorithm read them. */
export const lastPrepared = new LastMade<MadeOfWeights>();

/** All that was made of an array that is no more, to be given back. */
export function takeMadeOf(w: SyncedMem): Held[] {
  return [...lastFolded.take(w), ...lastPrepared.take(w)];
}
