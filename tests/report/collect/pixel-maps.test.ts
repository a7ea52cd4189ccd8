import { expect, test } from "vitest";
import { pixelMapsOf } from "../../../src/report/collect/pixel-maps.ts";

const isCounted = (label: number): boolean => label >= 0 && label < 2;

test("what does not count is −1, and of equal scores the last is the guess", () => {
  const scores = Float32Array.of(1, 0, 3, 0, 1, 2, 2, NaN);
  const labels = Float32Array.of(0, 1, 255, -1);
  const maps = pixelMapsOf([5, 2, 2, 2], scores, labels, isCounted);
  expect(maps).toEqual({
    ...{ height: 2, width: 2 },
    truth: Int32Array.of(0, 1, -1, -1),
    guess: Int32Array.of(1, 1, 0, 0),
  });
});

test("large maps keep places in even steps", () => {
  const [rows, columns] = [3, 500];
  const labels = Float32Array.from({ length: rows * columns }, (_, i) => Number(i % columns === 3));
  const maps = pixelMapsOf(
    [1, 2, rows, columns],
    new Float32Array(2 * rows * columns),
    labels,
    isCounted,
  );
  expect([maps?.height, maps?.width]).toEqual([1, 167]);
  expect([...(maps?.truth ?? [])].flatMap((label, i) => (label === 1 ? [i] : []))).toEqual([1]);
});

test("scores without rows and columns have none", () => {
  expect(pixelMapsOf([1, 2, 4], new Float32Array(8), new Float32Array(4), isCounted)).toBe(
    undefined,
  );
  expect(pixelMapsOf([1, 2, 0, 4], new Float32Array(0), new Float32Array(0), isCounted)).toBe(
    undefined,
  );
});
