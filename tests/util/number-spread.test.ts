import { expect, test } from "vitest";
import { numberSpread } from "../../src/util/number-spread.ts";

test("numbers are counted in bins of equal width, the greatest in the last", () => {
  expect(numberSpread([0, 1, 2, 3, 4, 4], 4)).toEqual({
    ...{ finite: 6, zeros: 1, min: 0, max: 4, sum: 14, squares: 46, bins: [1, 1, 1, 3] },
  });
});

test("what is not finite is left out, and of equal numbers all are in the first bin", () => {
  const nothing = { finite: 0, zeros: 0, min: 0, max: 0, sum: 0, squares: 0, bins: [0, 0] };
  expect(numberSpread([], 2)).toEqual(nothing);
  expect(numberSpread([Number.NaN, Number.POSITIVE_INFINITY], 2)).toEqual(nothing);
  expect(numberSpread([-3, -3, Number.NEGATIVE_INFINITY], 2)).toMatchObject({
    ...{ finite: 2, min: -3, max: -3, bins: [2, 0] },
  });
});
