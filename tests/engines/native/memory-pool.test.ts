import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Addon, StoreMemory } from "../../../src/engines/native/addon.ts";
import { loadAddon } from "../../../src/engines/native/binding.ts";
import { type Held, MemoryPool } from "../../../src/engines/native/memory-pool.ts";
import { availableEngines } from "../../support/engines.ts";

const isThere = availableEngines.has("native");
const addon = isThere ? loadAddon() : (undefined as unknown as Addon);

/** Writes a number into all of it, or looks whether it is still there. */
const fill = (memory: StoreMemory, count: number, value: number): void =>
  addon.copy(count, new Float32Array(count).fill(value), memory);
function holds(memory: StoreMemory, count: number, value: number): boolean {
  const seen = new Float32Array(count);
  addon.copy(count, memory, seen);
  return seen.every((one) => one === value);
}

test.skipIf(!isThere)(
  "arrays that are held at one time never share memory, whatever is taken and given back",
  () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ count: fc.integer({ min: 0, max: 5000 }), gives: fc.nat(9) }), {
          maxLength: 60,
        }),
        (steps) => {
          const pool = new MemoryPool(addon);
          const held: { held: Held; count: number; value: number }[] = [];
          steps.forEach(({ count, gives }, value) => {
            const one = { held: pool.take(count), count, value };
            fill(one.held.memory, count, value);
            held.push(one);
            if (gives < held.length / 2) {
              for (const { held: old } of held.splice(gives, 1)) pool.release(old);
            }
          });
          for (const { held: one, count, value } of held) {
            expect(holds(one.memory, count, value)).toBe(true);
          }
        },
      ),
      { numRuns: 50, seed: 1701 },
    );
  },
);

test.skipIf(!isThere)("neighbours that are given back serve a larger array", () => {
  const pool = new MemoryPool(addon);
  const small = [0, 1, 2, 3].map(() => pool.take(1000));
  const peak = pool.bytes;
  // In an order that joins before, behind and both.
  for (const i of [1, 3, 0, 2]) pool.release(small[i] as Held);
  pool.take(4000);
  expect(pool.bytes).toBe(peak);
});

test.skipIf(!isThere)("memory with two holders comes back when both are gone", () => {
  const pool = new MemoryPool(addon);
  const held = pool.take(100);
  held.holders++;
  pool.release(held);
  const other = pool.take(100);
  expect(other.memory).not.toBe(held.memory);
  pool.release(held);
  expect(pool.take(100).memory).toBe(held.memory);
});

test.skipIf(!isThere)(
  "a process that has reserved as much as the machine has can start others",
  () => {
    const pool = new MemoryPool(addon);
    const another = new MemoryPool(addon);
    for (const one of [pool, another]) fill(one.take(1 << 20).memory, 1 << 20, 1);
    const { status, error } = spawnSync(process.execPath, ["--version"]);
    expect([status, error]).toEqual([0, undefined]);
  },
);

test.skipIf(!isThere)("what lasts lies apart, and comes back as everything else", () => {
  const pool = new MemoryPool(addon);
  const [passing, lasting] = [pool.take(1600), pool.take(3200, true)];
  expect(lasting.allocation.slab).not.toBe(passing.allocation.slab);
  expect(pool.take(1600).allocation.run.begin).toBe(1600);
  expect(pool.bytes).toBe(4 * (1600 + 3200 + 1600));
  pool.release(lasting);
  expect(pool.take(3200, true).memory).toBe(lasting.memory);
});
