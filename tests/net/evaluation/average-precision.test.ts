import { describe, expect, test } from "vitest";
import { averagePrecision, type Detection } from "../../../src/net/evaluation/average-precision.ts";

const found = (...pairs: readonly (readonly [number, boolean])[]): Detection[] =>
  pairs.map(([score, isRight]) => ({ score, isRight }));

/** Surest first: right, wrong, right, wrong, of three objects. Precision 1, 1/2, 2/3, 1/2 at recall 1/3, 1/3, 2/3, 2/3. */
const four = found([0.4, false], [0.9, true], [0.5, true], [0.8, false]);

describe("the average precision of a class", () => {
  test.each([
    ["Integral", 1 / 3 + 2 / 3 / 3],
    ["MaxIntegral", 1 / 3 + 2 / 3 / 3],
    // Recall 0, 0.1, 0.2 and 0.3 are reached at precision 1; 0.4, 0.5 and 0.6 at 2/3.
    ["11point", (4 + (3 * 2) / 3) / 11],
    ["101point", (34 + (33 * 2) / 3) / 101],
  ] as const)("by %s", (version, wanted) => {
    expect([averagePrecision(four, 3, version)]).toBeAllClose([wanted], { rtol: 1e-6, atol: 0 });
  });

  test("MaxIntegral takes the best that comes later, Integral what stands", () => {
    const late = found([0.9, false], [0.8, true], [0.7, true]);
    expect([
      averagePrecision(late, 2, "Integral"),
      averagePrecision(late, 2, "MaxIntegral"),
    ]).toBeAllClose([0.5 * 0.5 + 0.5 * (2 / 3), 2 / 3], { rtol: 1e-6, atol: 0 });
  });

  test("is 1 where all is found and nothing else, whatever the scores", () => {
    const all = found([Number.NaN, true], [0.2, true], [-1, true]);
    for (const version of ["Integral", "MaxIntegral", "11point", "101point"] as const) {
      expect(averagePrecision(all, 3, version), version).toBeCloseTo(1, 6);
    }
  });

  test("is 0 without objects, and without detections", () => {
    expect(averagePrecision(four, 0, "11point")).toBe(0);
    expect(averagePrecision([], 3, "MaxIntegral")).toBe(0);
  });

  test("of equal scores the earlier comes first; no number comes last", () => {
    expect(averagePrecision(found([0.5, true], [0.5, false]), 1, "Integral")).toBe(1);
    expect(averagePrecision(found([0.5, false], [0.5, true]), 1, "Integral")).toBe(0.5);
    expect(averagePrecision(found([Number.NaN, false], [0.5, true]), 1, "Integral")).toBe(1);
  });
});
