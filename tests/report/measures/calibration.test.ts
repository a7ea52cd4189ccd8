import { expect, test } from "vitest";
import { calibrationOf } from "../../../src/report/measures/calibration.ts";

test("confidence against accuracy, bin by bin", () => {
  const right = [true, false, true, true];
  const { bins, expectedError, greatestError } = calibrationOf(
    [0.5, 0.4, 0.9, 1],
    (i) => right[i] ?? false,
    2,
  );
  // 0.5 lies in the lower bin: up to its upper end.
  expect(bins).toEqual([
    { from: 0, to: 0.5, records: 2, accuracy: 0.5, confidence: 0.45 },
    { from: 0.5, to: 1, records: 2, accuracy: 1, confidence: 0.95 },
  ]);
  expect(expectedError).toBeCloseTo(0.05, 12);
  expect(greatestError).toBeCloseTo(0.05, 12);
});

test("empty bins count for nothing, and values at the ends lie within", () => {
  const { bins, expectedError, greatestError } = calibrationOf([0, 1.0000001], () => true, 4);
  expect(bins.map(({ records }) => records)).toEqual([1, 0, 0, 1]);
  expect(bins[1]).toEqual({
    ...{ from: 0.25, to: 0.5, records: 0 },
    ...{ accuracy: Number.NaN, confidence: Number.NaN },
  });
  expect(greatestError).toBe(1);
  expect(expectedError).toBeCloseTo(0.5, 6);
  expect(calibrationOf([], () => true).expectedError).toBe(Number.NaN);
});
