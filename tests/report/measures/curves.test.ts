import { expect, test } from "vitest";
import {
  areaUnderPrecision,
  areaUnderRoc,
  thresholdsOf,
} from "../../../src/report/measures/curves.ts";

const of = (positives: readonly number[], negatives: readonly number[]) =>
  thresholdsOf(Float32Array.from(positives), Float32Array.from(negatives));

test("scikit-learn's example: y_true 0 0 1 1, y_score 0.1 0.4 0.35 0.8", () => {
  const thresholds = of([0.35, 0.8], [0.1, 0.4]);
  expect(Array.from(thresholds.right)).toEqual([1, 1, 2, 2]);
  expect(Array.from(thresholds.wrong)).toEqual([0, 1, 1, 2]);
  expect(areaUnderRoc(thresholds)).toBe(0.75);
  expect(areaUnderPrecision(thresholds)).toBeCloseTo(0.8333333333, 9);
});

test("records of one score are one step, and count half", () => {
  const thresholds = of([0.5, 0.9], [0.5, 0.5]);
  expect(Array.from(thresholds.right)).toEqual([1, 2]);
  expect(Array.from(thresholds.wrong)).toEqual([0, 2]);
  // Pairs: 0.9 beats both; 0.5 ties with both. (2 + 2 / 2) / 4
  expect(areaUnderRoc(thresholds)).toBe(0.75);
  // Recall 1/2 at precision 1, then 1/2 more at 2/4.
  expect(areaUnderPrecision(thresholds)).toBe(0.75);
  expect(areaUnderRoc(of([1, 1], [1]))).toBe(0.5);
});

test("perfect and reversed scores", () => {
  expect(areaUnderRoc(of([3, 4], [1, 2]))).toBe(1);
  expect(areaUnderPrecision(of([3, 4], [1, 2]))).toBe(1);
  expect(areaUnderRoc(of([1, 2], [3, 4]))).toBe(0);
  expect(areaUnderPrecision(of([1], [2, 3]))).toBeCloseTo(1 / 3, 12);
});

test("without records of the class, or of others, areas are NaN", () => {
  expect(areaUnderRoc(of([], [1, 2]))).toBe(Number.NaN);
  expect(areaUnderPrecision(of([], [1, 2]))).toBe(Number.NaN);
  expect(areaUnderRoc(of([1], []))).toBe(Number.NaN);
  expect(areaUnderPrecision(of([1], []))).toBe(1);
});
