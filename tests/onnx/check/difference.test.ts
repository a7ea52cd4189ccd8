import { expect, test } from "vitest";
import { differenceOf, differenceOfDetections } from "../../../src/onnx/check/difference.ts";

test("the greatest difference and the greatest element; what is no number beside itself is none", () => {
  expect(differenceOf([1, -4, Number.NaN, Infinity], [1.5, -4, Number.NaN, Infinity])).toEqual({
    greatest: 0.5,
    size: 4,
  });
  expect(differenceOf([1, 2], [1, Number.NaN]).greatest).toBe(Infinity);
  expect(differenceOf([0], [-0])).toEqual({ greatest: 0, size: 0 });
});

const row = (score: number, x: number, image = 0): number[] => [image, 1, score, x, 0, x + 1, 1];

test("detections of scores that are equal but for rounding may change places", () => {
  const [a, b, c] = [row(0.9, 0.1), row(0.5, 0.2), row(0.5000001, 0.7)];
  const { greatest, size } = differenceOfDetections([...a!, ...b!, ...c!], [...a!, ...c!, ...b!]);
  expect(greatest).toBeLessThan(1e-6);
  expect(size).toBeCloseTo(1.7);
});

test("detections of other scores may not, nor may one stand for two", () => {
  const [a, b] = [row(0.9, 0.1), row(0.5, 0.7)];
  expect(differenceOfDetections([...a!, ...b!], [...b!, ...a!]).greatest).toBeCloseTo(0.6);
  const twin = row(0.5, 0.2);
  const doubled = differenceOfDetections([...b!, ...twin!], [...b!, ...b!]);
  expect(doubled.greatest).toBeCloseTo(0.5);
});
