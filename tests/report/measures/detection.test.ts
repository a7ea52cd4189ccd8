import { expect, test } from "vitest";
import { DetectionScores } from "../../../src/net/evaluation/detection-scores.ts";
import { measureDetection } from "../../../src/report/measures/detection.ts";

test("average precision, and the score from which on precision and recall are best together", () => {
  const scores = new DetectionScores();
  // Class 1 has four objects and class 2 none; detections of class 1: right, wrong, right, wrong.
  scores.add([-1, 1, 4, -1, -1, -1, 2, 0, -1, -1]);
  scores.add([0, 1, 0.9, 1, 0, 0, 1, 0.8, 0, 1, 1, 1, 0.5, 1, 0, 1, 1, 0.25, 0, 1]);
  scores.add([1, 2, 0.5, 0, 1]);
  const { classes, meanAveragePrecision } = measureDetection(scores, "Integral");
  const [first, second] = classes;
  expect(first?.averagePrecision).toBeCloseTo(0.25 * 1 + 0.25 * (2 / 3), 6);
  expect(first).toMatchObject({ objects: 4, detections: 4, right: 2 });
  expect(first?.best?.f1).toBeCloseTo(4 / 7, 12);
  expect(first?.best).toMatchObject({ threshold: 0.5, precision: 2 / 3, recall: 0.5 });
  expect(second).toMatchObject({ averagePrecision: Number.NaN, detections: 1, best: undefined });
  expect(meanAveragePrecision).toBe(first?.averagePrecision);
});
