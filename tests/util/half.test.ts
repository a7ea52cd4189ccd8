import { expect, test } from "vitest";
import { half, roundedToHalf } from "../../src/util/half.ts";

test("every half is its own nearest, and what lies between two goes to the nearer or the even one", () => {
  for (let bits = 0; bits < 0x7bff; bits++) {
    const [low, high] = [half(bits), half(bits + 1)];
    expect(roundedToHalf(low)).toBe(low);
    expect(roundedToHalf(-low)).toBe(-low);
    const middle = (low + high) / 2;
    if (roundedToHalf(middle) !== (bits % 2 === 0 ? low : high)) expect.fail(`middle of ${bits}`);
    if (roundedToHalf(low + 0.6 * (high - low)) !== high) expect.fail(`above ${bits}`);
    if (roundedToHalf(low + 0.4 * (high - low)) !== low) expect.fail(`below ${bits}`);
  }
});

test("what is beyond the largest is infinite, and NaN, infinity and the sign of zero stay", () => {
  expect(roundedToHalf(65504)).toBe(65504);
  expect(roundedToHalf(65519)).toBe(65504);
  expect(roundedToHalf(65520)).toBe(Number.POSITIVE_INFINITY);
  expect(roundedToHalf(-1e30)).toBe(Number.NEGATIVE_INFINITY);
  expect(roundedToHalf(Number.NEGATIVE_INFINITY)).toBe(Number.NEGATIVE_INFINITY);
  expect(roundedToHalf(Number.NaN)).toBeNaN();
  expect(roundedToHalf(-0)).toBe(-0);
  expect(roundedToHalf(2 ** -26)).toBe(0);
});
