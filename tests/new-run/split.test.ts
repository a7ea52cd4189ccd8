import { describe, expect, test } from "vitest";
import { splitPictures, testBatch } from "../../src/new-run/split.ts";

/** A set with so many pictures of each class. */
const setOf = (...counts: number[]) => ({
  root: "",
  pictures: counts.flatMap((count, k) =>
    Array.from({ length: count }, (_, i) => ({ path: `${k}/${i}.png`, class: `${k}` })),
  ),
});
const countsOf = (pictures: readonly { readonly class: string }[], classes: number): number[] =>
  Array.from({ length: classes }, (_, k) => pictures.filter((one) => one.class === `${k}`).length);

describe("splitPictures", () => {
  test("takes its part of every class, and loses none", () => {
    const set = setOf(50, 10, 2);
    const { train, val } = splitPictures(set, 0.2, 7);
    expect(countsOf(val.pictures, 3)).toEqual([10, 2, 1]);
    expect(countsOf(train.pictures, 3)).toEqual([40, 8, 1]);
    expect(new Set([...train.pictures, ...val.pictures])).toEqual(new Set(set.pictures));
  });

  test("is drawn by the seed, class by class: other classes change nothing", () => {
    const of = (set: ReturnType<typeof setOf>, seed: number): string[] =>
      splitPictures(set, 0.5, seed)
        .val.pictures.filter((one) => one.class === "0")
        .map(({ path }) => path);
    expect(of(setOf(20, 4), 1)).toEqual(of(setOf(20, 8), 1));
    expect(of(setOf(20, 4), 1)).not.toEqual(of(setOf(20, 4), 2));
  });

  test("tests with a number that batches hold exactly", () => {
    // 2 × 101 is none; one more is 7 × 29.
    const { val } = splitPictures(setOf(1010, 1010), 0.1, 1);
    expect(val.pictures).toHaveLength(203);
    expect(testBatch(203, 64)).toBe(29);
  });

  test("a class is never tested as a whole", () => {
    expect(countsOf(splitPictures(setOf(3, 2), 0.99, 1).train.pictures, 2)).toEqual([1, 1]);
  });
});

test.each([
  [120, 1000, 60],
  [7, 1000, 7],
  // A prime: one batch of all where memory does, or else one by one.
  [101, 1000, 101],
  [101, 100, 1],
  [10_007, 20_000, 1],
  [202, 1000, 101],
  [100, 8, 5],
])("%i pictures, at most %i at once, are tested by %i", (count, most, size) => {
  expect(testBatch(count, most)).toBe(size);
});
