import { expect, test } from "vitest";
import { plainJoining, plainSharing } from "../../src/syncedmem/plain-joining.ts";
import { SyncedMem } from "../../src/syncedmem/synced-mem.ts";

const memOf = (...numbers: number[]): SyncedMem => {
  const mem = new SyncedMem(numbers.length);
  mem.overwriteCpu().set(numbers);
  return mem;
};

test("a gradient that has moved is written where others see it, zeros too", () => {
  const mem = memOf(1, 2, 3);
  const { sharing, write } = plainJoining(mem);
  const seen = new Float32Array(3).fill(9);
  sharing.moveGradient(mem, seen);
  expect(mem.isZero).toBe(true);
  write(mem, seen);
  expect([...seen]).toEqual([0, 0, 0]);
  mem.overwriteCpu().set([4, 5, 6]);
  expect([...seen]).toEqual([4, 5, 6]);
  const elsewhere = new Float32Array(3);
  write(mem, elsewhere);
  expect([...elsewhere]).toEqual([4, 5, 6]);
  sharing.leave(mem);
  seen.fill(0);
  expect([...mem.cpu()]).toEqual([4, 5, 6]);
});

test("a share is the sum of its elements of all parts", () => {
  const parts = [Float32Array.of(1, 2, 3, 4), Float32Array.of(10, 20, 30, 40), new Float32Array(4)];
  const to = new SyncedMem(2);
  plainSharing(4).sum(parts, 1, 3, to);
  expect([...to.cpu()]).toEqual([22, 33]);
});
