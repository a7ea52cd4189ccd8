import { expect, test } from "vitest";
import { measureLabels, wrongLabels } from "../../../src/report/measures/multi-label.ts";

/** Three records of three labels: nobody has the last, one answer of the second does not count. */
const all = {
  ...{ records: 3, labels: 3 },
  truths: Int8Array.from([1, 0, 0, 1, 1, 0, 0, -1, 0]),
  probabilities: Float32Array.from([0.75, 0.625, 0.25, 0.25, 0.875, 0, 0.5, 0.125, 0]),
};

test("precision, recall, F1 and average precision of each label, by hand", () => {
  const { labels, ...whole } = measureLabels(all);
  // Told: records 0 and 2, of which 0 has the first label; it ranks 1st and 3rd of three.
  expect(labels[0]).toMatchObject({ records: 2, guessed: 2, precision: 0.5, recall: 0.5, f1: 0.5 });
  expect(labels[0]?.averagePrecision).toBeCloseTo((1 + 2 / 3) / 2, 12);
  expect(labels[0]?.areaUnderRoc).toBe(0.5);
  expect(labels[1]).toMatchObject({ records: 1, guessed: 2, precision: 0.5, recall: 1 });
  expect(labels[1]?.averagePrecision).toBe(1);
  expect(labels[2]).toMatchObject({ records: 0, guessed: 0, precision: NaN, recall: NaN });
  expect(labels[2]?.averagePrecision).toBeNaN();
  expect(whole.mean.averagePrecision).toBeCloseTo((5 / 6 + 1) / 2, 12);
  expect(whole.together).toEqual({ precision: 2 / 4, recall: 2 / 3, f1: 4 / 7 });
  expect(whole.exactMatch).toBe(0);
  expect(whole.labelAccuracy).toBe(5 / 8);
  const right = [0.75, 0.375, 0.75, 0.25, 0.875, 1, 0.5, 1];
  expect(whole.loss).toBeCloseTo(right.reduce((sum, p) => sum - Math.log(p), 0) / 3, 12);
});

test("wrong answers, the surest first; one that does not count is none", () => {
  expect(wrongLabels(all, 2)).toEqual([
    { record: 1, label: 0, has: true, probability: 0.25 },
    { record: 0, label: 1, has: false, probability: 0.625 },
  ]);
  expect(wrongLabels(all, 9)).toHaveLength(3);
});
