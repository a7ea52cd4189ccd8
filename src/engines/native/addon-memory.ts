import type { Buffer } from "./buffer.ts";

/** What moves memory to and from the system: native/src/reorder.cc, memory.cc. */
export interface Memory<Layout> {
  /** Gives the memory under so many floats back to the system, whole pages of it: what lies there is lost. */
  discard(array: Buffer, begin: number, count: number): void;
  /**
   * Floats from the plain layout to another, `rows` of the first axis at a time; the memory of each part of x goes back to the system when that
   * has moved.
   * @throws Error before the first part has moved
   */
  moveRows(from: Layout, to: Layout, x: Buffer, y: Buffer, rows: number): void;
  /** Whether the system counts what is reserved as if it were used (Linux with vm.overcommit_memory of 2): most of it is another's, then. */
  readonly countsReserved: boolean;
}
