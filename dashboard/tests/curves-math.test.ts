// The arithmetic of curves: smoothing, fewer points, keys that zoom, numbers as they are read.
import { describe, expect, test } from "vitest";
import { downsampled } from "../src/math/downsample.ts";
import * as format from "../src/math/format.ts";
import { keyZoom } from "../src/math/key-zoom.ts";
import { smoothed } from "../src/math/smoothing.ts";

describe("smoothed", () => {
  test("is the mean of what came so far, weighted towards the last", () => {
    const [first, second] = smoothed([2, 4], 0.5);
    expect(first).toBe(2);
    expect(second).toBeCloseTo((0.5 * 0.5 * 2 + 0.5 * 4) / 0.75, 12);
  });

  test("leaves a constant as it is, and everything with a weight of 0", () => {
    for (const value of smoothed(new Array<number>(50).fill(7), 0.99))
      expect(value).toBeCloseTo(7, 9);
    const values = [3, 1, 2];
    expect(smoothed(values, 0)).toBe(values);
  });

  test("steps over what is no number", () => {
    const [, gap, third] = smoothed([1, null, 3], 0.5);
    expect(gap).toBeNull();
    expect(third).toBeCloseTo((0.25 * 1 + 0.5 * 3) / 0.75, 12);
    expect(smoothed([], 0.9)).toEqual([]);
  });
});

describe("downsampled", () => {
  const x = Array.from({ length: 10_000 }, (_, i) => i);

  test("leaves a short line alone", () => {
    expect(downsampled({ x: [0, 1], y: [5, 6] }, 100)).toEqual({ x: [0, 1], y: [5, 6] });
  });

  test("keeps both ends, every peak, and the order", () => {
    const y = x.map((i) => (i === 4321 ? 100 : i === 7000 ? -100 : Math.sin(i)));
    const few = downsampled({ x, y }, 200);
    expect(few.x.length).toBeLessThanOrEqual(200);
    expect(few.x.length).toBe(few.y.length);
    expect([few.x[0], few.x.at(-1)]).toEqual([0, 9999]);
    expect(few.y).toContain(100);
    expect(few.y).toContain(-100);
    expect(few.x).toEqual(few.x.toSorted((a, b) => a - b));
  });

  test("keeps a gap that is as long as a stretch", () => {
    const y = x.map((i) => (i > 3000 && i < 6000 ? null : 1));
    const few = downsampled({ x, y }, 200);
    expect(few.y).toContain(null);
    expect(few.y.filter((value) => value === null).length).toBeLessThan(80);
  });
});

describe("keyZoom", () => {
  test("zooms in and out about the middle, within all", () => {
    expect(keyZoom("+", [0, 100], [0, 100])).toEqual([25, 75]);
    expect(keyZoom("-", [40, 60], [0, 100])).toEqual([30, 70]);
    expect(keyZoom("-", [0, 20], [0, 100])).toEqual([0, 40]);
    expect(keyZoom("-", [90, 100], [0, 100])).toEqual([80, 100]);
    expect(keyZoom("-", [25, 75], [0, 100])).toBeUndefined();
    expect(keyZoom("0", [25, 75], [0, 100])).toBeUndefined();
  });

  test("moves no further than the ends, and leaves other keys alone", () => {
    expect(keyZoom("ArrowLeft", [10, 60], [0, 100])).toEqual([0, 50]);
    expect(keyZoom("ArrowRight", [40, 90], [0, 100])).toEqual([50, 100]);
    expect(keyZoom("s", [0, 1], [0, 1])).toBeNull();
  });
});

test("numbers are short, and say what is no number", () => {
  expect([0, 0.012345, 1.5, 1234.6, 3.2e-7, 2.5e9].map(format.shortNumber)).toEqual([
    ...["0", "0.01235", "1.5", "1,235", "3.20e-7", "2.50e9"],
  ]);
  expect([null, undefined, Number.NaN, -Infinity].map(format.shortNumber)).toEqual([
    ...["–", "–", "NaN", "−∞"],
  ]);
  expect([999, 431_080, 25_600_000].map(format.shortCount)).toEqual(["999", "431k", "25.6M"]);
});

test("sizes, times and shares have their units", () => {
  const spaced = (text: string): string => text.replaceAll("\u00a0", " ");
  expect([512, 1536, 2 ** 31].map(format.bytes).map(spaced)).toEqual(["512 B", "1.5 KiB", "2 GiB"]);
  const seconds = [5, 200, 7500, 270_000, Number.NaN];
  expect(seconds.map(format.duration).map(spaced)).toEqual([
    ...["5 s", "3 min 20 s", "2 h 5 min", "3 d 3 h", "–"],
  ]);
  expect([0, 0.0123, 12.34, 1500].map(format.milliseconds).map(spaced)).toEqual([
    ...["0 ms", "12.3 µs", "12.3 ms", "1.5 s"],
  ]);
  expect(spaced(format.percent(0.9076))).toBe("90.8 %");
});
