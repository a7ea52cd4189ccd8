import { expect, test } from "vitest";
import { differenceOf } from "../../../src/net/tools/compare-arrays.ts";

const array = (shape: number[], values: number[]) => ({ shape, data: Float32Array.from(values) });

test("the greatest difference, relative to the greatest value, and its place", () => {
  const found = differenceOf(array([2, 2], [1, -8, 3, 4]), array([2, 2], [1, -8, 3, 2]));
  expect(found).toEqual({ absolute: 2, relative: 0.25, at: [1, 1], values: [4, 2] });
});

test("equal arrays, empty ones, scalars, and those that are no numbers in the same places", () => {
  const none = { absolute: 0, relative: 0 };
  expect(differenceOf(array([0, 3], []), array([0, 3], []))).toMatchObject(none);
  expect(differenceOf(array([], [0]), array([], [-0]))).toMatchObject(none);
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, 1];
  expect(differenceOf(array([3], odd), array([3], odd))).toMatchObject(none);
});

test("no number against one, and other shapes", () => {
  const spoilt = differenceOf(array([2], [1, 2]), array([2], [1, Number.NaN]));
  expect(spoilt).toMatchObject({ absolute: Infinity, relative: Infinity, at: [1] });
  expect(differenceOf(array([1, 2], [1, 2]), array([2], [1, 2]))).toBeUndefined();
});
