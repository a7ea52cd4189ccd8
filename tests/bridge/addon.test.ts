import { closeSync, constants, existsSync, openSync, readSync, writeSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { bridgeAddon } from "../../src/bridge/addon.ts";

const { share, socketPair, comes } = bridgeAddon();

function pair(): [number, number] {
  const ends = socketPair();
  onTestFinished(() => ends.forEach((one) => void closeSync(one)));
  return ends;
}

test("memory is all zeros, and what a process that opens its path writes there is seen", () => {
  const { memory, path, descriptor, isNamed } = share(10);
  expect(new Uint8Array(memory)).toEqual(new Uint8Array(10));
  const file = openSync(path, constants.O_RDWR);
  writeSync(file, "ab", 4);
  expect([...new Uint8Array(memory)]).toEqual([0, 0, 0, 0, 97, 98, 0, 0, 0, 0]);
  new Uint8Array(memory)[0] = 7;
  closeSync(descriptor);
  const read = Buffer.alloc(10);
  expect(readSync(file, read, 0, 10, 0)).toBe(10);
  expect([...read.subarray(0, 6)]).toEqual([7, 0, 0, 0, 97, 98]);
  closeSync(file);
  expect(existsSync(path)).toBe(isNamed);
  // The memory lasts as long as it is used here.
  expect(new Uint8Array(memory)[0]).toBe(7);
});

test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 54])(
  "memory of %s bytes is refused",
  (bytes) => {
    expect(() => share(bytes)).toThrow("memory to share of no size");
  },
);

test("memory beyond what a system has is an error that keeps nothing open", () => {
  const before = openSync("/dev/null", "r");
  closeSync(before);
  for (let i = 0; i < 20; i++) expect(() => share(2 ** 52)).toThrow(/memory to share cannot be/);
  const after = openSync("/dev/null", "r");
  closeSync(after);
  expect(after).toBe(before);
});

test("arguments of another kind are errors", () => {
  const of = (work: () => unknown): void => expect(work).toThrow("number");
  of(() => share("10" as never));
  of(() => (share as unknown as () => void)());
  of(() => comes("0" as never, 1));
  of(() => (comes as (one: number) => boolean)(0));
});

test("what comes is seen, and so is the end; what does not come is not waited for", () => {
  const [ours, theirs] = pair();
  expect(comes(ours, 0)).toBe(false);
  const begin = performance.now();
  expect(comes(ours, 3_000)).toBe(false);
  expect(performance.now() - begin).toBeGreaterThanOrEqual(3);
  writeSync(theirs, "x");
  expect(comes(ours, 100_000)).toBe(true);
  const [one, other] = socketPair();
  closeSync(other);
  expect(comes(one, 100_000)).toBe(true);
  closeSync(one);
});
