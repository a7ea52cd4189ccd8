import { expect, test } from "vitest";
import { histogramOf } from "../../src/tensorboard/histogram.ts";

test("every number lies in one bucket, the greatest in the last", () => {
  const { bucket = [], bucket_limit = [], ...facts } = histogramOf([0, 1, 2, 3, 4, 64]);
  expect(facts).toEqual({ min: 0, max: 64, num: 6, sum: 74, sum_squares: 4126 });
  expect(Array.from(bucket).filter((count) => count > 0)).toEqual([1, 1, 1, 1, 1, 1]);
  expect([bucket_limit[0], bucket_limit[63], bucket.length]).toEqual([1, 64, 64]);
});

test("one number, none, and what is no number", () => {
  expect(histogramOf([3, 3])).toMatchObject({
    min: 3,
    max: 3,
    num: 2,
    bucket: [2],
    bucket_limit: [3],
  });
  expect(histogramOf([])).toMatchObject({ min: 0, max: 0, num: 0, bucket: [0], bucket_limit: [0] });
  const odd = [Number.NaN, 1, Number.POSITIVE_INFINITY, 2, Number.NEGATIVE_INFINITY];
  expect(histogramOf(odd)).toMatchObject({ min: 1, max: 2, num: 2, sum: 3 });
});
