import { expect, test } from "vitest";
import type { DeviceStore } from "../../src/syncedmem/device-store.ts";
import { SoleArray } from "../../src/syncedmem/sole-array.ts";
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

  release(): void {
    this.released++;
  }
}

const sole = (array: FloatArray): SoleArray => SoleArray.of(array) as SoleArray;

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

test("an array is kept where there has been none, and it fits", () => {
  const [own, doubles] = [Float32Array.of(4, 5), Float64Array.of(4, 5)];
  const mem = new SyncedMem(2);
  expect(
    [doubles, Float32Array.of(1), new Float32Array(3)].map((one) => mem.keepCpu(sole(one))),
  ).toEqual([false, false, false]);
  expect(mem.isZero).toBe(true);
  expect(mem.keepCpu(sole(own))).toBe(true);
  expect(mem.cpu()).toBe(own);
  expect(mem.keepCpu(sole(Float32Array.of(6, 7)))).toBe(false);
  expect(mem.cpu()).toBe(own);
  expect(new SyncedMem(2, "f64").keepCpu(sole(doubles))).toBe(true);
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

/** A device whose copy arrives when the test says so. */
class Remote implements DeviceStore {
  values: number[] = [];
  readonly bytes = 4;
  readonly hasFailed = false;
  isFree = false;
  arrive: () => void = () => undefined;

  download(plain: FloatArray): Promise<void> {
    return new Promise((resolve) => {
      this.arrive = () => {
        plain.set(this.values);
        resolve();
      };
    });
  }

  free(): void {
    this.isFree = true;
  }
}

test("what lies on a device alone is awaited before it is read on the host, and comes once", async () => {
  const mem = new SyncedMem(2);
  const remote = new Remote();
  mem.adoptDevice(remote);
  expect(mem.isOnHost).toBe(true);
  remote.values = [3, 4];
  mem.markDeviceWritten();
  expect(mem.head).toBe("HEAD_AT_GPU");
  expect(mem.isZero).toBe(false);
  expect(() => mem.cpu()).toThrow("Expected toHost() to be awaited first");
  const arrivals = [mem.toHost(), mem.toHost()];
  remote.arrive();
  await Promise.all(arrivals);
  expect(mem.head).toBe("SYNCED");
  expect(Array.from(mem.cpu())).toEqual([3, 4]);
  mem.mutableCpu()[0] = 5;
  expect(mem.head).toBe("HEAD_AT_CPU");
  expect(mem.isDeviceFresh).toBe(false);
});

test("what is written while it is on its way makes what arrives stale", async () => {
  const mem = new SyncedMem(1);
  const remote = new Remote();
  mem.adoptDevice(remote);
  mem.markDeviceWritten();
  const arrival = mem.toHost();
  mem.markDeviceWritten();
  remote.values = [1];
  remote.arrive();
  await arrival;
  expect(mem.isOnHost).toBe(false);
});

test("zeros hold no memory of a device", () => {
  const mem = new SyncedMem(1);
  const remote = new Remote();
  mem.adoptDevice(remote);
  mem.markDeviceWritten();
  expect(mem.residentBytes).toBe(4);
  mem.zero();
  expect(remote.isFree).toBe(true);
  expect(mem.residentBytes).toBe(0);
});

test("zeros that a device has been given are zeros on the host, too, until they are written", () => {
  const mem = new SyncedMem(2);
  mem.adoptDevice(new Remote());
  mem.markDeviceFresh();
  expect(mem.isZero).toBe(true);
  expect(Array.from(mem.cpu())).toEqual([0, 0]);
  mem.markDeviceWritten();
  expect(mem.isZero).toBe(false);
  expect(mem.isOnHost).toBe(false);
});

test("an array that came to be kept is nobody else's until somebody asks for it", () => {
  const mem = new SyncedMem(3);
  const array = new Float32Array([1, 2, 3]);
  expect(mem.keepCpu(sole(array))).toBe(true);
  expect(mem.soleCpu).toBe(array);
  expect(mem.lookAtCpu()).toBe(array);
  expect(mem.soleCpu).toBe(array);
  expect(mem.cpu()).toBe(array);
  expect(mem.soleCpu).toBeUndefined();
  for (const ask of [
    (one: SyncedMem) => one.mutableCpu(),
    (one: SyncedMem) => one.overwriteCpu(),
    (one: SyncedMem) => one.borrowCpu(new Float32Array(3)),
    (one: SyncedMem) => one.moveCpu(new Float32Array(3)),
    (one: SyncedMem) => one.zero(),
    (one: SyncedMem) => one.free(),
  ]) {
    const one = new SyncedMem(3);
    one.keepCpu(sole(new Float32Array(3)));
    expect(one.isFreed).toBe(false);
    ask(one);
    expect(one.soleCpu).toBeUndefined();
  }
});
