import { expect, test } from "vitest";
import { loadAddon } from "../../../src/engines/native/binding.ts";
import { MemoryPool } from "../../../src/engines/native/memory-pool.ts";
import { Tape } from "../../../src/engines/native/tape.ts";
import { describeNative } from "./support.ts";

describeNative("a tape", () => {
  const tapeOf = (): Tape => new Tape(loadAddon(), new MemoryPool(loadAddon()));

  test("makes its calls again, of functions and of primitives, on what the arrays hold now", () => {
    const addon = loadAddon();
    const [x, y, all] = [Float32Array.of(1, 2, 3), new Float32Array(3), new Float32Array(6)];
    const layout = new addon.Layout([3]);
    const move = addon.moveElements(layout, layout);
    const tape = tapeOf();
    tape.add(move, [x, y]);
    tape.add("axpby", [3, 2, y, 1, y]);
    tape.add("join", [1, [3, 3], [x, y], all]);
    const again = tape.end();
    expect(again?.()).toBe(true);
    expect([...all]).toEqual([1, 2, 3, 3, 6, 9]);
    x.set([5, 0, -1]);
    expect(again?.()).toBe(true);
    expect([...all]).toEqual([5, 0, -1, 15, 0, -3]);
  });

  test("stops where a result is greater than its limit", () => {
    const [x, y] = [Float32Array.of(1, -7), new Float32Array(2)];
    const tape = tapeOf();
    tape.add("greatest", [2, x], 8);
    tape.add("copy", [2, x, y]);
    const again = tape.end();
    expect(again?.()).toBe(true);
    x[0] = Number.NaN;
    expect(again?.()).toBe(false);
    expect([...y]).toEqual([1, -7]);
  });

  test("is not played once an array has lost its memory, and holds lengths against what is read", () => {
    const [x, y] = [Float32Array.of(1, 2), new Float32Array(2)];
    const tape = tapeOf();
    tape.add("copy", [2, x, y]);
    const again = tape.end();
    structuredClone(x.buffer, { transfer: [x.buffer] });
    expect(again?.()).toBe(false);
    const long = tapeOf();
    long.add("copy", [3, y, new Float32Array(3)]);
    expect(() => long.end()?.()).toThrow("an array of 2 floats where 3 are needed");
    const few = tapeOf();
    few.add("copy", [2, y]);
    expect(() => few.end()?.()).toThrow("fewer arguments than are needed");
    const swapped = tapeOf();
    swapped.add("copy", [y, 2, y]);
    expect(() => swapped.end()?.()).toThrow("an argument of another kind than is needed");
  });

  test("knows no functions but those that go over arrays of floats, and gives up what cannot be done again", () => {
    expect(() => tapeOf().add("setThreads", [1])).toThrow("setThreads cannot be called by a tape");
    const spoilt = tapeOf();
    spoilt.spoil();
    expect(spoilt.end()).toBeUndefined();
  });
});
