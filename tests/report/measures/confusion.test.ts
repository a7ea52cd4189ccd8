import { expect, test } from "vitest";
import {
  classShares,
  confusionOf,
  meanShares,
  mostConfounded,
  rowOf,
} from "../../../src/report/measures/confusion.ts";

// Of 6 records 3 are of class 0, 2 of class 1, 1 of class 2, none of class 3; nothing is taken for class 2.
const labels = [0, 0, 0, 1, 1, 2];
const guesses = [0, 0, 1, 1, 3, 1];
const confusion = confusionOf(labels, guesses, 4);

test("a row for each class", () => {
  expect([0, 1, 2, 3].map((label) => Array.from(rowOf(confusion, label)))).toEqual([
    [2, 1, 0, 0],
    [0, 1, 0, 1],
    [0, 1, 0, 0],
    [0, 0, 0, 0],
  ]);
});

test("precision, recall and F1 of each class; what cannot be said is NaN", () => {
  expect(classShares(confusion)).toEqual([
    { label: 0, records: 3, guessed: 2, precision: 1, recall: 2 / 3, f1: 4 / 5 },
    { label: 1, records: 2, guessed: 3, precision: 1 / 3, recall: 1 / 2, f1: 2 / 5 },
    { label: 2, records: 1, guessed: 0, precision: Number.NaN, recall: 0, f1: 0 },
    { label: 3, records: 0, guessed: 1, precision: 0, recall: Number.NaN, f1: 0 },
  ]);
  const [only] = classShares(confusionOf([1], [1], 2));
  expect(only?.f1).toBe(Number.NaN);
});

test("means over the classes that are in the data", () => {
  const { precision, recall, f1 } = meanShares(classShares(confusion));
  expect(precision).toBeCloseTo((1 + 1 / 3 + 0) / 3, 12);
  expect(recall).toBeCloseTo((2 / 3 + 1 / 2 + 0) / 3, 12);
  expect(f1).toBeCloseTo((4 / 5 + 2 / 5 + 0) / 3, 12);
});

test("the pairs that are confounded most", () => {
  const twice = confusionOf([...labels, 1], [...guesses, 3], 4);
  expect(mostConfounded(twice, 2)).toEqual([
    { label: 1, guess: 3, records: 2, share: 2 / 3 },
    { label: 0, guess: 1, records: 1, share: 1 / 3 },
  ]);
  expect(mostConfounded(confusionOf([0], [0], 2), 5)).toEqual([]);
});
