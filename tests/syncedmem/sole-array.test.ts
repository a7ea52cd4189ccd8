import { expect, test } from "vitest";
import { SoleArray } from "../../src/syncedmem/sole-array.ts";
import { SyncedMem } from "../../src/syncedmem/synced-mem.ts";

test("an array is taken out once, by who has room for exactly it", () => {
  const array = new Float32Array([1, 2, 3]);
  const sole = SoleArray.of(array) as SoleArray;
  expect(sole.take(2, Float32Array)).toBeUndefined();
  expect(sole.take(3, Float64Array)).toBeUndefined();
  const [first, second] = [new SyncedMem(3), new SyncedMem(3)];
  expect(first.keepCpu(sole)).toBe(true);
  expect(second.keepCpu(sole)).toBe(false);
  expect(first.soleCpu).toBe(array);
  expect(second.isZero).toBe(true);
});

test("a part of a buffer, and memory that threads share, may be others' too", () => {
  const { buffer } = new Float32Array(4);
  expect(SoleArray.of(new Float32Array(buffer, 0, 3))).toBeUndefined();
  expect(SoleArray.of(new Float32Array(buffer, 4))).toBeUndefined();
  expect(SoleArray.of(new Float32Array(new SharedArrayBuffer(16)))).toBeUndefined();
  expect(SoleArray.of(new Float32Array(buffer))).toBeDefined();
});

test("an array that has a copy already takes none", () => {
  const mem = new SyncedMem(3);
  const seen = mem.mutableCpu();
  expect(mem.keepCpu(SoleArray.of(new Float32Array([1, 2, 3])) as SoleArray)).toBe(false);
  expect([...seen]).toEqual([0, 0, 0]);
});
