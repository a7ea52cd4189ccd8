import { expect, test } from "vitest";
import { randomBits } from "../../src/util/random-bits.ts";

test("the words of a key are always the same", () => {
  expect([0, 1, 2, 2 ** 31].map((i) => randomBits([1701, 1], i))).toEqual([
    2008442281, 2575551057, 1808145801, 1159039499,
  ]);
});

test("every bit is set half of the time, in every pass and stream", () => {
  for (const key of [
    [0, 0],
    [1, 0],
    [0, 1],
    [4_000_000_000, 77],
  ] as const) {
    const ones = new Array<number>(32).fill(0);
    for (let i = 0; i < 4096; i++) {
      const word = randomBits(key, i);
      for (let b = 0; b < 32; b++) ones[b] = (ones[b] ?? 0) + ((word >>> b) & 1);
    }
    for (const count of ones) expect(Math.abs(count - 2048)).toBeLessThan(4 * 32);
  }
});

test("passes of one stream, and neighbours of one pass, have nothing in common", () => {
  const agree = (a: (i: number) => number, b: (i: number) => number): number => {
    let same = 0;
    for (let i = 0; i < 4096; i++) if (a(i) >>> 31 === b(i) >>> 31) same++;
    return same;
  };
  const word = (pass: number) => (i: number) => randomBits([9, pass], i);
  expect(Math.abs(agree(word(1), word(2)) - 2048)).toBeLessThan(4 * 32);
  expect(Math.abs(agree(word(1), (i) => word(1)(i + 1)) - 2048)).toBeLessThan(4 * 32);
});
