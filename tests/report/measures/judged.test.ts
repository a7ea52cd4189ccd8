import { expect, test } from "vitest";
import { crossEntropy, judge, toProbabilities } from "../../../src/report/measures/judged.ts";

const shares = (row: readonly number[], scale: Parameters<typeof toProbabilities>[1]) => {
  const to = new Float64Array(row.length);
  toProbabilities(row, scale, to);
  return Array.from(to);
};

test("probabilities of scores, of any size", () => {
  expect(shares([0.25, 0.75], "probabilities")).toEqual([0.25, 0.75]);
  expect(shares([0, Math.log(3)], "softmax")[1]).toBeCloseTo(0.75, 12);
  expect(shares([1000, 1000, -Infinity], "softmax")).toEqual([0.5, 0.5, 0]);
  expect(shares([0, Math.log(3), -1000], "sigmoid").map((p) => Number(p.toFixed(12)))).toEqual([
    0.5, 0.75, 0,
  ]);
  expect(shares([Number.NaN, 1], "softmax")).toEqual([Number.NaN, Number.NaN]);
});

test("the guess, and how many score as high as the label or higher", () => {
  expect(judge([1, 5, 2], 1)).toEqual({ guess: 1, better: 0 });
  expect(judge([1, 5, 2], 2)).toEqual({ guess: 1, better: 1 });
  expect(judge([1, 5, 2], 0)).toEqual({ guess: 1, better: 2 });
});

test("a tie counts against the label, as in Caffe's Accuracy", () => {
  expect(judge([0, 0, 0], 1)).toEqual({ guess: 2, better: 2 });
  expect(judge([0, 0, 0], 2)).toEqual({ guess: 1, better: 2 });
  expect(judge([3, 3, 4], 0)).toEqual({ guess: 2, better: 2 });
});

test("cross-entropy takes the logarithm of nothing smaller than a float32 holds in full", () => {
  expect(crossEntropy(0.5)).toBeCloseTo(Math.LN2, 12);
  expect(crossEntropy(0)).toBeCloseTo(126 * Math.LN2, 12);
});
