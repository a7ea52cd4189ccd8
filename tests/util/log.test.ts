import { expect, test } from "vitest";
import { fixedText, numberText } from "../../src/util/log.ts";

test("numbers are written as C++ writes them", () => {
  const examples: [number, string][] = [
    [0, "0"],
    [1, "1"],
    [0.01, "0.01"],
    [0.00992565, "0.00992565"],
    [1e-5, "1e-05"],
    [0.0001, "0.0001"],
    [2.302586, "2.30259"],
    [123456, "123456"],
    [1234567, "1.23457e+06"],
    [87.33654, "87.3365"],
    [-0.5, "-0.5"],
    [999999.5, "1e+06"],
    [Number.NaN, "nan"],
    [Number.NEGATIVE_INFINITY, "-inf"],
  ];
  for (const [value, text] of examples) expect(numberText(value)).toBe(text);
});

test("ties go to the even digit, as C's %g and %.4f have it", () => {
  const examples: [number, string][] = [
    [0.9765625, "0.976562"],
    [0.0009765625, "0.000976562"],
    [0.00048828125, "0.000488281"],
    [2.5, "2.5"],
    [100000.5, "100000"],
    [100001.5, "100002"],
    [-100000.5, "-100000"],
    [999999.5, "1e+06"],
    [1000005, "1e+06"],
    [1000015, "1.00002e+06"],
    [1234565, "1.23456e+06"],
    [1234575, "1.23458e+06"],
    // No ties, though the shortest form of the number looks like one.
    [0.1234565, "0.123456"],
    [1.000005, "1.00001"],
    [Math.fround(0.1234565), "0.123457"],
    [Number.MIN_VALUE, "4.94066e-324"],
    [Number.MAX_VALUE, "1.79769e+308"],
  ];
  for (const [value, text] of examples) expect(numberText(value), String(value)).toBe(text);
  for (const [value, text] of [
    [0.03125, "0.0312"],
    [0.09375, "0.0938"],
    [-0.03125, "-0.0312"],
    [0.5, "0.5000"],
    [1, "1.0000"],
    [1e21, "1e+21"],
    [Number.NaN, "nan"],
  ] as const) {
    expect(fixedText(value, 4), String(value)).toBe(text);
  }
});

test("every tie of six digits that a 64-bit number can hold goes to the even digit", () => {
  // Odd multiples of 5 of seven digits, q5: over 10^k the number is one where 5^k divides it, times 10^j where it fits.
  const wrong: string[] = [];
  const check = (q: number, value: number, power: number): void => {
    const even = q % 2 === 0 ? q : q + 1;
    if (numberText(value) !== numberText(Number(`${even}e${power + 1}`))) wrong.push(String(value));
  };
  for (let k = 0; k <= 10; k++) {
    const step = Math.max(10, 2 * 5 ** k) * (k < 3 ? 97 : 1);
    for (let n = Math.max(5, 5 ** k); n < 1e7; n += step) {
      if (n < 1e6 || n % 10 !== 5) continue;
      check((n - 5) / 10, n / 10 ** k, -k);
    }
  }
  for (let j = 1; j <= 12; j++) {
    for (let n = 1_000_005; n < 1e7; n += 99_990) {
      if (n * 10 ** j <= Number.MAX_SAFE_INTEGER) check((n - 5) / 10, n * 10 ** j, j);
    }
  }
  expect(wrong).toEqual([]);
});
