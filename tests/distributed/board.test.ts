import { describe, expect, test } from "vitest";
import { Board } from "../../src/distributed/board.ts";
import type { Job } from "../../src/distributed/job.ts";
import { mpiAddon } from "../../src/distributed/mpi-addon.ts";
import { hasMpi, mpiNeeds } from "../support/mpi.ts";

describe.skipIf(!hasMpi)(`a board of ${mpiNeeds}`, () => {
  /** Boards of so many ranks, in one process; what waits for what another of them has still to do never ends. */
  function boards(count: number): Board[] {
    const { memory } = mpiAddon().makeShared(Board.bytes(count));
    const waitNow = (job: Job): void => {
      if (!job(0)) throw new Error("it waits");
    };
    return Array.from(
      { length: count },
      (_, rank) => new Board(mpiAddon(), memory, rank, count, waitNow),
    );
  }

  /** What a rank is given of all, once it asks. */
  function put(board: Board, numbers: readonly number[]): { job: Job; seen: number[][] } {
    const seen: number[][] = [];
    const job = board.put(Float64Array.from(numbers), (parts) => {
      for (const { buffer, byteOffset } of parts) {
        seen.push([...new Float64Array(buffer, byteOffset, numbers.length)]);
      }
    });
    return { job, seen };
  }

  test("every rank is given what all have put there, once all have", () => {
    const [one, two, three] = boards(3) as [Board, Board, Board];
    const first = put(one, [1, 2]);
    const second = put(two, [3, 4]);
    expect([first.job(0), first.seen]).toEqual([false, []]);
    const third = put(three, [5, 6]);
    for (const { job, seen } of [first, second, third]) {
      expect(job(0)).toBe(true);
      expect(seen).toEqual([
        [1, 2],
        [3, 4],
        [5, 6],
      ]);
      expect(job(0)).toBe(true);
    }
  });

  test("what came before is taken first, and places are used again when all have taken what lay there", () => {
    const [one, two] = boards(2) as [Board, Board];
    for (let round = 0; round < 20; round += 2) {
      const [early, late] = [put(one, [round]), put(one, [round + 1])];
      const others = [put(two, [-round]), put(two, [-round - 1])];
      expect(late.job(0)).toBe(true);
      expect([early.seen, late.seen]).toEqual([
        [[round], [-round]],
        [[round + 1], [-round - 1]],
      ]);
      for (const { job } of others) expect(job(0)).toBe(true);
    }
    for (let i = 0; i < 4; i++) put(one, [i]);
    expect(() => put(one, [4])).toThrow("it waits");
  });
});
