import { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { FloatArray } from "../../util/arrays.ts";

/** Vectors of the table have so many numbers. */
const WIDTH = 4;

/**
 * Picks of rows, sorted by the rows that they pick, so that a kernel adds each row's up without looking for them.
 * They are sorted on the host, which has looked at the numbers when it ran forward.
 */
export class PicksByRow {
  /** What scatter in copies.wgsl reads: a vector for each row that is picked, then the picks. */
  readonly table: SyncedMem;
  readonly #picks: number;
  /** Where the next pick of each row goes. */
  readonly #next: Int32Array;

  constructor(rows: number, picks: number) {
    this.#picks = picks;
    this.#next = new Int32Array(rows);
    this.table = new SyncedMem(WIDTH * (Math.min(rows, picks) + Math.ceil(picks / WIDTH)));
  }

  /**
   * Writes the table.
   * @param fail throws what it is told
   * @returns how many rows are picked
   */
  sort(index: FloatArray, fail: (message: string) => never): number {
    const next = this.#next.fill(0);
    for (let i = 0; i < this.#picks; i++) {
      const row = Math.trunc(index[i]!);
      if (!(row >= 0 && row < next.length)) {
        fail(
          `row ${index[i]} is picked at position ${i}, which was another when it was read before. Expected 0 to ${next.length - 1}.`,
        );
      }
      next[row]!++;
    }
    // Only bytes are moved: it does not matter that they are no floats.
    const bytes = this.table.overwriteCpu();
    const numbers = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length);
    let picked = 0;
    let begin = 0;
    for (let row = 0; row < next.length; row++) {
      const count = next[row]!;
      if (count === 0) continue;
      numbers.set([row, begin, count, 0], WIDTH * picked++);
      next[row] = begin;
      begin += count;
    }
    for (let i = 0; i < this.#picks; i++) {
      const row = Math.trunc(index[i]!);
      numbers[WIDTH * picked + next[row]!++] = i;
    }
    return picked;
  }
}
