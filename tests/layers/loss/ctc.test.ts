import { expect, test } from "vitest";
import { CTC, type Scores } from "../../../src/layers/loss/ctc.ts";
import { noise } from "../../support/noise.ts";

const scoresOf = (steps: number, classes: number, values = noise(steps * classes)): Scores => ({
  values: Float64Array.from(values),
  first: 0,
  stride: classes,
  classes,
  steps,
});

/** The probability of the labels, summed over every row of classes that reads as them. */
function bySearch(
  { values, classes, steps }: Scores,
  labels: readonly number[],
  blank: number,
  merges: boolean,
): number {
  let sum = 0;
  for (let path = 0; path < classes ** steps; path++) {
    const row = Array.from({ length: steps }, (_, t) => Math.floor(path / classes ** t) % classes);
    const read = row.filter((c, t) => c !== blank && !(merges && t > 0 && row[t - 1] === c));
    if (read.join() !== labels.join()) continue;
    sum += row.reduce((p, c, t) => {
      const exps = Array.from(values.subarray(t * classes, (t + 1) * classes), Math.exp);
      return (p * exps[c]!) / exps.reduce((a, b) => a + b);
    }, 1);
  }
  return sum;
}

test.each([
  [[], 2, true],
  [[0], 2, true],
  [[0, 1], 2, true],
  [[1, 1], 2, true],
  [[1, 1, 2], 0, true],
  [[2, 1, 2], 0, true],
  [[1, 1, 2], 0, false],
  [[1, 2, 3, 1], 0, false],
])(
  "%j with blank %d, repeats merged: %s, is as probable as all its ways",
  (labels, blank, mergesRepeats) => {
    const scores = scoresOf(5, 4);
    const loss = new CTC({ blank, mergesRepeats }).loss(scores, labels, labels.length);
    expect(loss).toBeCloseTo(-Math.log(bySearch(scores, labels, blank, mergesRepeats)), 10);
  },
);

test("labels that do not fit into the steps are impossible, and have no gradient", () => {
  const ctc = new CTC({ blank: 0, mergesRepeats: true });
  const scores = scoresOf(3, 3);
  const dx = new Float64Array(9);
  expect(ctc.loss(scores, [1, 1, 2], 3)).toBe(Number.POSITIVE_INFINITY);
  ctc.addGradient(scores, [1, 1, 2], 3, 1, dx);
  expect(Array.from(dx)).toEqual(new Array(9).fill(0));
  expect(ctc.loss(scoresOf(0, 3), [], 0)).toBe(0);
  expect(ctc.loss(scoresOf(0, 3), [1], 1)).toBe(Number.POSITIVE_INFINITY);
});

test("long sequences of certain scores neither overflow nor vanish", () => {
  const ctc = new CTC({ blank: 0, mergesRepeats: true });
  const steps = 400;
  const values = Array.from({ length: steps * 3 }, (_, i) => (i % 3 === 0 ? 900 : -900));
  const labels = new Array<number>(100).fill(1);
  const scores = scoresOf(steps, 3, values);
  const loss = ctc.loss(scores, labels, 100);
  // Each label costs 1800, and there are many places for them.
  expect(loss).toBeGreaterThan(179_000);
  expect(loss).toBeLessThan(180_000);
  const dx = new Float64Array(steps * 3);
  ctc.addGradient(scores, labels, 100, 1, dx);
  expect(dx.reduce((sum, d, i) => sum + (i % 3 === 1 ? d : 0), 0)).toBeCloseTo(-100, 6);
});

test("a sum of gradients over classes is nothing at every step", () => {
  const scores = scoresOf(6, 4);
  const dx = new Float64Array(24);
  new CTC({ blank: 3, mergesRepeats: true }).addGradient(scores, [0, 2, 2], 3, 2, dx);
  for (let t = 0; t < 6; t++) {
    expect(dx.subarray(4 * t, 4 * t + 4).reduce((a, b) => a + b)).toBeCloseTo(0, 12);
  }
});
