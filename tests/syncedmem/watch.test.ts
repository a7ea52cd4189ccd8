import { expect, test } from "vitest";
import { SyncedMem } from "../../src/syncedmem/synced-mem.ts";
import { Watch } from "../../src/syncedmem/watch.ts";

test("arrays are new at first, once they are written, and when they are others", () => {
  const [a, b] = [new SyncedMem(2), new SyncedMem(2)];
  const watch = new Watch();
  expect(watch.isNew([a, b])).toBe(true);
  a.cpu();
  expect(watch.isNew([a, b])).toBe(false);
  b.mutableCpu();
  expect(watch.isNew([a, b])).toBe(true);
  expect(watch.isNew([a, b])).toBe(false);
  b.zero();
  expect(watch.isNew([a, b])).toBe(true);
  expect(watch.isNew([b, a])).toBe(true);
  expect(watch.isNew([b])).toBe(true);
});
