import type { SyncedMem } from "./synced-mem.ts";

/** Tells whether arrays were written: what was made of them need not be made again where they were not. */
export class Watch {
  #seen: readonly SyncedMem[] = [];
  #writes: readonly number[] = [];

  /** Whether these are other arrays than at the last call, or one of them was written since; true the first time. */
  isNew(mems: readonly SyncedMem[]): boolean {
    const isSame =
      mems.length === this.#seen.length &&
      mems.every((mem, i) => mem === this.#seen[i] && mem.writes === this.#writes[i]);
    if (isSame) return false;
    this.#seen = mems;
    this.#writes = mems.map((mem) => mem.writes);
    return true;
  }
}
