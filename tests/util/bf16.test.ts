import { expect, test } from "vitest";
import { bf16, roundToBf16 } from "../../src/util/bf16.ts";

test("a number becomes the nearest of eight digits, of two as near the even one", () => {
  expect(bf16(1 + 2 ** -7)).toBe(1 + 2 ** -7);
  expect(bf16(1 + 2 ** -8)).toBe(1);
  expect(bf16(1 + 3 * 2 ** -8)).toBe(1 + 2 ** -6);
  expect(bf16(1 + 2 ** -8 + 2 ** -20)).toBe(1 + 2 ** -7);
  expect(bf16(-Math.PI)).toBe(-3.140625);
});

test("zeros keep their sign, what is too large is infinite, and NaN stays NaN", () => {
  expect(bf16(-0)).toBe(-0);
  expect(bf16(3.4e38)).toBe(Number.POSITIVE_INFINITY);
  expect(bf16(Number.NEGATIVE_INFINITY)).toBe(Number.NEGATIVE_INFINITY);
  expect(bf16(Number.NaN)).toBeNaN();
  expect(bf16(1e-45)).toBe(0);
});

test("an array is rounded element by element", () => {
  const array = new Float32Array([1.001, 257]);
  roundToBf16(array);
  expect([...array]).toEqual([1, 256]);
});
