import { expect, test } from "vitest";
import { loadAddon } from "../../../src/engines/native/binding.ts";
import { FoldedWeights } from "../../../src/engines/native/folded-weights.ts";
import { Layouts } from "../../../src/engines/native/layouts.ts";
import { SyncedMem } from "../../../src/syncedmem/synced-mem.ts";
import { describeNative } from "./support.ts";

describeNative("folded weights", () => {
  const SHAPE = [2, 3] as const;

  function setUp() {
    const addon = loadAddon();
    const layouts = new Layouts(addon);
    const layout = layouts.plain(SHAPE);
    const w = new SyncedMem(6);
    w.overwriteCpu().set([1, 2, 3, 4, 5, 6]);
    const one = new FoldedWeights(layouts, SHAPE, 2);
    const other = new FoldedWeights(layouts, SHAPE, 2);
    const valuesOf = (memory: ReturnType<FoldedWeights["read"]>): number[] => {
      const values = new Float32Array(layout.stored);
      addon.copy(layout.stored, memory, values);
      return [...values.subarray(0, 6)];
    };
    return { w, one, other, layout, valuesOf };
  }

  test("are made once for all who fold the same array with the same factors", () => {
    const { w, one, other, layout, valuesOf } = setUp();
    const memory = one.read(w, Float32Array.of(2, 10), layout);
    expect(valuesOf(memory)).toEqual([2, 4, 6, 40, 50, 60]);
    expect(other.read(w, Float32Array.of(2, 10), layout)).toBe(memory);
    expect(other.greatest(w, Float32Array.of(2, 10), layout)).toBe(60);
  });

  test("are each's own with other factors", () => {
    const { w, one, other, layout, valuesOf } = setUp();
    const memory = one.read(w, Float32Array.of(1, 1), layout);
    const apart = other.read(w, Float32Array.of(3, -3), layout);
    expect(valuesOf(apart)).toEqual([3, 6, 9, -12, -15, -18]);
    expect(valuesOf(memory)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(one.read(w, Float32Array.of(1, 1), layout)).toBe(memory);
  });

  test("whose factors alone have changed leave alone what others read", () => {
    const { w, one, other, layout, valuesOf } = setUp();
    const memory = one.read(w, Float32Array.of(1, 1), layout);
    expect(other.read(w, Float32Array.of(1, 1), layout)).toBe(memory);
    expect(valuesOf(other.read(w, Float32Array.of(2, 2), layout))).toEqual([2, 4, 6, 8, 10, 12]);
    expect(valuesOf(memory)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(one.read(w, Float32Array.of(1, 1), layout)).toBe(memory);
  });

  test("follow the array in the same memory", () => {
    const { w, one, other, layout, valuesOf } = setUp();
    const factors = Float32Array.of(1, 2);
    const memory = one.read(w, factors, layout);
    other.read(w, factors, layout);
    w.mutableCpu()[5] = 7;
    expect(one.read(w, factors, layout)).toBe(memory);
    expect(valuesOf(other.read(w, factors, layout))).toEqual([1, 2, 3, 8, 10, 14]);
  });
});
