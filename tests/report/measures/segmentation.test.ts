import { expect, test } from "vitest";
import { measureSegmentation } from "../../../src/report/measures/segmentation.ts";

test("intersections over union, and their means over classes that are there or told", () => {
  // Of class 0 six pixels are told so and two as class 1; of class 1 one and three; class 2 is neither there nor told.
  const counts = Float64Array.from([6, 2, 0, 1, 3, 0, 0, 0, 0]);
  const measured = measureSegmentation({ classes: 3, counts });
  expect(measured.classes.map(({ iou }) => iou)).toEqual([6 / 9, 3 / 6, Number.NaN]);
  expect(measured.classes.map(({ recall }) => recall)).toEqual([6 / 8, 3 / 4, Number.NaN]);
  expect(measured.accuracy).toBe(9 / 12);
  expect(measured.pixels).toBe(12);
  expect(measured.meanIou).toBeCloseTo((6 / 9 + 3 / 6) / 2, 12);
  expect(measured.meanRecall).toBe(0.75);
  expect(measured.weightedIou).toBeCloseTo((8 * (6 / 9) + 4 * (3 / 6)) / 12, 12);
});

test("without pixels nothing can be said", () => {
  const { accuracy, meanIou, pixels } = measureSegmentation({
    ...{ classes: 2, counts: new Float64Array(4) },
  });
  expect([accuracy, meanIou, pixels]).toEqual([Number.NaN, Number.NaN, 0]);
});
