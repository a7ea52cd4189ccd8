import { expect, test } from "vitest";
import { type PrivateStore, SyncedMem } from "../../src/syncedmem/synced-mem.ts";
import type { FloatArray } from "../../src/util/arrays.ts";

/** A private layout that keeps the elements in reverse order. */
class Reversed implements PrivateStore {
  readonly layout = "reversed";
  readonly values: number[];
  moves = 0;
  released = 0;

  constructor(count: number) {
    this.values = new Array<number>(count).fill(0);
  }

  toPlain(plain: FloatArray): void {
    this.moves++;
    plain.set(this.values.toReversed());
  }

  fromPlain(plain: FloatArray): void {
    this.moves++;
    this.values.splice(0, this.values.length, ...Array.from(plain).reverse());
  }

  release(): void {
    this.released++;
  }
}

test("an array that nobody wrote is zeros and holds no memory", () => {
  const mem = new SyncedMem(3);
  expect(mem.head).toBe("UNINITIALIZED");
  expect(mem.isZero).toBe(true);
  expect(mem.residentBytes).toBe(0);
  expect(Array.from(mem.cpu())).toEqual([0, 0, 0]);
  expect(mem.head).toBe("HEAD_AT_CPU");
});

test("zero() empties it without touching memory until somebody reads", () => {
  const mem = new SyncedMem(2);
  mem.overwriteCpu().set([1, 2]);
  mem.zero();
  expect(mem.isZero).toBe(true);
  expect(Array.from(mem.cpu())).toEqual([0, 0]);
});

test("data moves to the place that asks for it, once", () => {
  const mem = new SyncedMem(3);
  mem.overwriteCpu().set([1, 2, 3]);
  const store = new Reversed(3);
  mem.adoptPrivate(store);
  expect(mem.isPrivateFresh("reversed")).toBe(false);
  store.values.splice(0, 3, 9, 8, 7);
  mem.markPrivateWritten(store);
  expect(mem.head).toBe("HEAD_AT_PRIVATE");
  expect(Array.from(mem.cpu())).toEqual([7, 8, 9]);
  mem.cpu();
  expect(store.moves).toBe(1);
  expect(mem.head).toBe("SYNCED");
  mem.mutableCpu()[0] = 5;
  expect(mem.head).toBe("HEAD_AT_CPU");
  expect(mem.isPrivateFresh("reversed")).toBe(false);
});

test("float64 and borrowed memory", () => {
  expect(new SyncedMem(2, "f64").cpu()).toBeInstanceOf(Float64Array);
  const mem = new SyncedMem(2);
  const own = Float32Array.of(4, 5);
  mem.borrowCpu(own);
  expect(mem.cpu()).toBe(own);
});

test("stores that are stale give back their memory; the one that is written keeps it", () => {
  const mem = new SyncedMem(2);
  const [first, second] = [new Reversed(2), new Reversed(2)];
  Object.assign(second, { layout: "other" });
  for (const store of [first, second]) {
    mem.adoptPrivate(store);
    mem.markPrivateFresh(store);
  }
  mem.markPrivateWritten(second);
  expect([first.released, second.released]).toEqual([1, 0]);
  mem.mutableCpu();
  expect([first.released, second.released]).toEqual([1, 1]);
  mem.markPrivateFresh(second);
  mem.zero();
  expect(second.released).toBe(2);
});
