import { describe, expect, test } from "vitest";
import { fill } from "../../src/blob/filler.ts";
import type { FillerParameter } from "../../src/io/proto/caffe.ts";
import { Random } from "../../src/util/random.ts";
import { countOf, type Shape } from "../../src/util/shape.ts";

function filled(param: FillerParameter | undefined, shape: Shape, seed = 1): Float64Array {
  const values = new Float64Array(countOf(shape));
  fill(values, shape, param, new Random(seed));
  return values;
}

/** Mean and variance of the values. */
function moments(values: Float64Array): { mean: number; variance: number } {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  return { mean, variance: values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length };
}

/** Large enough that moments lie within a few percent; fan-in 400, fan-out 100. */
const SHAPE: Shape = [50, 200, 2];
const FAN_IN = 400;
const FAN_OUT = 100;

describe("fillers", () => {
  test("constant: one value, 0 where there is no filler", () => {
    expect([...filled({ type: "constant", value: 3 }, [2, 2])]).toEqual([3, 3, 3, 3]);
    expect([...filled(undefined, [2])]).toEqual([0, 0]);
  });

  test("uniform: between min and max", () => {
    const values = filled({ type: "uniform", min: 2, max: 6 }, SHAPE);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(2);
    expect(Math.max(...values)).toBeLessThan(6);
    const { mean, variance } = moments(values);
    expect(mean).toBeCloseTo(4, 1);
    expect(variance / (4 ** 2 / 12)).toBeCloseTo(1, 1);
  });

  test("gaussian: mean and std", () => {
    const { mean, variance } = moments(filled({ type: "gaussian", mean: 5, std: 2 }, SHAPE));
    expect(mean).toBeCloseTo(5, 1);
    expect(variance / 4).toBeCloseTo(1, 1);
    const values = filled({ type: "gaussian", std: 2 }, SHAPE);
    // Within one and two standard deviations lie 68.3 % and 95.4 %.
    const within = (limit: number): number =>
      values.filter((x) => Math.abs(x) < limit).length / values.length;
    expect(within(2)).toBeCloseTo(0.683, 2);
    expect(within(4)).toBeCloseTo(0.954, 2);
  });

  test("gaussian: sparse keeps about that many weights for each output", () => {
    const kept = filled({ type: "gaussian", sparse: 5, std: 3 }, SHAPE).filter((x) => x !== 0);
    expect(kept.length / countOf(SHAPE)).toBeCloseTo(5 / 50, 2);
    expect(moments(kept).variance / 9).toBeCloseTo(1, 1);
    expect(filled({ type: "gaussian", sparse: 0 }, SHAPE).every((x) => x === 0)).toBe(true);
  });

  test("gaussian_unitball: the inputs of each output are a vector of length 1", () => {
    const values = filled({ type: "gaussian_unitball" }, [3, 4]);
    for (let from = 0; from < 12; from += 4) {
      expect(Math.hypot(...values.slice(from, from + 4))).toBeCloseTo(1, 5);
    }
    expect(values.some((value) => value < 0)).toBe(true);
  });

  test("positive_unitball: the inputs of each output add up to 1", () => {
    const values = filled({ type: "positive_unitball" }, [3, 4]);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    for (let o = 0; o < 3; o++) {
      expect(values.subarray(4 * o, 4 * o + 4).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
    }
    // Uniform numbers over their sum: the mean is 1/n, the spread that of U(0, 1) over n/2.
    const { mean, variance } = moments(filled({ type: "positive_unitball" }, SHAPE));
    expect(mean * FAN_IN).toBeCloseTo(1, 10);
    expect((variance * (FAN_IN / 2) ** 2) / (1 / 12)).toBeCloseTo(1, 1);
  });

  test.each([
    [undefined, FAN_IN],
    ["FAN_IN", FAN_IN],
    ["FAN_OUT", FAN_OUT],
    ["AVERAGE", (FAN_IN + FAN_OUT) / 2],
  ] as const)("xavier and msra: variance_norm %s divides by %d", (norm, n) => {
    const variance_norm = norm === undefined ? {} : { variance_norm: norm };
    const xavier = filled({ type: "xavier", ...variance_norm }, SHAPE);
    expect(Math.max(...xavier.map(Math.abs))).toBeLessThanOrEqual(Math.sqrt(3 / n));
    expect(Math.max(...xavier.map(Math.abs))).toBeGreaterThan(0.99 * Math.sqrt(3 / n));
    expect(moments(xavier).variance * n).toBeCloseTo(1, 1);
    expect(moments(xavier).mean * Math.sqrt(n)).toBeCloseTo(0, 1);
    const msra = filled({ type: "msra", ...variance_norm }, SHAPE);
    expect((moments(msra).variance * n) / 2).toBeCloseTo(1, 1);
    expect(moments(msra).mean * Math.sqrt(n)).toBeCloseTo(0, 1);
  });

  test("a vector has as many inputs as it has values for xavier's fan-out", () => {
    const values = filled({ type: "xavier", variance_norm: "FAN_OUT" }, [300]);
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(Math.sqrt(3 / 300));
    expect(Math.max(...filled({ type: "xavier" }, [300]))).toBeGreaterThan(1);
  });

  test("bilinear: a tent over the kernel", () => {
    const row = [0.25, 0.75, 0.75, 0.25];
    const tent = row.flatMap((y) => row.map((x) => x * y));
    expect([...filled({ type: "bilinear" }, [2, 1, 4, 4])]).toEqual([...tent, ...tent]);
    const odd = [1 / 3, 2 / 3, 1, 2 / 3, 1 / 3];
    expect(filled({ type: "bilinear" }, [1, 1, 5, 5])).toBeAllClose(
      odd.flatMap((y) => odd.map((x) => x * y)),
    );
  });

  test("give the same values for the same seed, and others for another", () => {
    const param = { type: "gaussian" };
    expect(filled(param, [4], 7)).toEqual(filled(param, [4], 7));
    expect(filled(param, [4], 7)).not.toEqual(filled(param, [4], 8));
  });

  test.each([
    [{ type: "xavierr" }, [2, 2], 'unknown filler type "xavierr". Did you mean "xavier"?'],
    [{ type: "toString" }, [2, 2], 'unknown filler type "toString"'],
    [{ type: "bilinear" }, [2, 2], "bilinear cannot fill shape (2,2)"],
    [{ type: "bilinear" }, [1, 1, 2, 3], "Expected four axes and a square kernel"],
    [{ type: "uniform", sparse: 3 }, [2, 2], "Expected it with gaussian only"],
  ])("refuse %o for shape %o", (param, shape, message) => {
    expect(() => filled(param, shape)).toThrow(message);
  });
});
