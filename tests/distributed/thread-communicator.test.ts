import { describe, expect, test } from "vitest";
import type { Travelling } from "../../src/distributed/communicator.ts";
import { ThreadCommunicator } from "../../src/distributed/thread-communicator.ts";

/** Ranks in one thread: what waits for what another of them has still to do is not done. */
function ranks(count: number): ThreadCommunicator[] {
  const hosts = Array.from({ length: count }, (_, i) => `GPU ${i}`);
  const memory = ThreadCommunicator.memoryFor(count);
  return hosts.map((_, rank) => new ThreadCommunicator({ rank, hosts, memory }));
}

/** Lets all do a job, in turns until it is done. */
function together(all: readonly ThreadCommunicator[], begin: (rank: number) => number): void {
  const tickets = all.map((_, rank) => begin(rank));
  for (let turns = 0; turns < 1000; turns++) {
    if (all.filter((one, rank) => !one.wait(tickets[rank] as number, 0)).length === 0) return;
  }
  throw new Error("it is not done");
}

describe("threads as ranks", () => {
  test("tell their number, their count and where they are", () => {
    const [, second] = ranks(3) as [ThreadCommunicator, ThreadCommunicator];
    expect(second.start()).toEqual({ rank: 1, count: 3, host: "GPU 1" });
  });

  // Longer than all rooms together, and not a whole number of pieces.
  test.each([0, 1, 5, 1_200_001])("add up %i numbers of every kind", (length) => {
    const all = ranks(3);
    const floats = all.map((_, rank) =>
      Float32Array.from({ length }, (_, i) => (i % 1000) + rank / 2),
    );
    const doubles = floats.map((own) => Float64Array.from(own));
    const before = floats.map((own) => own.slice());
    together(all, (rank) => (all[rank] as ThreadCommunicator).sum(floats[rank] as Float32Array));
    together(all, (rank) => (all[rank] as ThreadCommunicator).sum(doubles[rank] as Float64Array));
    const expected = before[0]?.map((x, i) => x + (before[1]?.[i] ?? 0) + (before[2]?.[i] ?? 0));
    for (const own of [...floats, ...doubles]) {
      expect(own.length).toBe(length);
      expect(own.every((x, i) => x === expected?.[i])).toBe(true);
    }
  });

  test("add up bfloat16, rounded once", () => {
    const all = ranks(3);
    const halves = [1, 2 ** -8, 2 ** -8].map((x) => {
      const own = new Uint16Array(1);
      (all[0] as ThreadCommunicator).halve(Float32Array.of(x), new Float32Array(1), own);
      return own;
    });
    together(all, (rank) => (all[rank] as ThreadCommunicator).sum(halves[rank] as Uint16Array));
    const sum = new Float32Array(1);
    (all[0] as ThreadCommunicator).widen(halves[1] as Uint16Array, sum);
    expect([...sum]).toEqual([1 + 2 ** -7]);
  });

  test("gather and broadcast", () => {
    const all = ranks(2);
    const gathered = all.map(() => new Uint8Array(2 * 1_500_000));
    const own = all.map((_, rank) => new Uint8Array(1_500_000).fill(rank + 7));
    together(all, (rank) => {
      const [mine, to] = [own[rank], gathered[rank]] as [Travelling, Travelling];
      return (all[rank] as ThreadCommunicator).gather(mine, to);
    });
    for (const bytes of gathered) {
      expect([bytes[0], bytes[1_499_999], bytes[1_500_000], bytes.at(-1)]).toEqual([7, 7, 8, 8]);
    }
    together(all, (rank) => (all[rank] as ThreadCommunicator).broadcast(own[rank] as Uint8Array));
    expect(own.map((bytes) => new Set(bytes))).toEqual([new Set([7]), new Set([7])]);
  });

  test("jobs wait for one another in their order, whatever is waited for first", () => {
    const [one, two] = ranks(2) as [ThreadCommunicator, ThreadCommunicator];
    const numbers = Array.from({ length: 20 }, (_, i) => Float32Array.of(i));
    const others = Array.from({ length: 20 }, (_, i) => Float32Array.of(100 * i));
    const tickets = numbers.map((own) => one.sum(own));
    expect(one.wait(tickets[0] as number, 0)).toBe(false);
    const told = others.map((own) => two.sum(own));
    for (let turn = 0; turn < 20 && !one.wait(tickets[19] as number, 0); turn++) {
      two.wait(told[19] as number, 0);
    }
    expect(two.wait(told[0] as number, 0)).toBe(true);
    expect(numbers.map(([x]) => x)).toEqual(numbers.map((_, i) => 101 * i));
  });

  test("who waits for one that has failed is told which", () => {
    const hosts = ["GPU 0", "GPU 3"];
    const memory = ThreadCommunicator.memoryFor(2);
    const [first] = hosts.map((_, rank) => new ThreadCommunicator({ rank, hosts, memory }));
    const ticket = first?.sum(Float32Array.of(1)) as number;
    expect(first?.wait(ticket, 1)).toBe(false);
    expect(ThreadCommunicator.failedRank({ memory, hosts })).toBeUndefined();
    for (const rank of [1, 0]) ThreadCommunicator.tellFailure({ memory, hosts }, rank);
    expect(ThreadCommunicator.failedRank({ memory, hosts })).toBe(1);
    expect(() => first?.wait(ticket, 1)).toThrow("rank 1 on GPU 3 has failed");
  });
});
