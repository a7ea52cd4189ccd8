import { expect, test } from "vitest";
import { CaffeError, LayerError } from "../../src/util/errors.ts";
import { fixedText, numberText } from "../../src/util/log.ts";
import { nearest, nearestText } from "../../src/util/nearest.ts";
import { Random } from "../../src/util/random.ts";
import { countOf, sameShape, shapeText } from "../../src/util/shape.ts";

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

test("the nearest name is found where the slip is small", () => {
  expect(nearest("kernal_size", ["kernel_size", "stride"])).toBe("kernel_size");
  expect(nearest("Relu", ["ReLU", "TanH"])).toBe("ReLU");
  expect(nearest("completely_else", ["kernel_size"])).toBeUndefined();
  expect(nearestText("Relu", ["ReLU", "TanH"])).toBe(' Did you mean "ReLU"?');
  expect(nearestText("Permute", ["ReLU", "PReLU"])).toBe("");
  expect(nearestText("a".repeat(10_000_000), ["a"])).toBe("");
});

test("random streams are the same for the same keys, and go on from a state", () => {
  const draw = (random: Random) => Array.from({ length: 5 }, () => random.uint32());
  expect(draw(new Random(7, "conv1", 3))).toEqual(draw(new Random(7, "conv1", 3)));
  expect(draw(new Random(7, "conv1", 3))).not.toEqual(draw(new Random(7, "conv1", 4)));
  expect(draw(new Random(7))).not.toEqual(draw(new Random(8)));
  const random = new Random(1);
  const state = random.state();
  const first = draw(random);
  random.restore(state);
  expect(draw(random)).toEqual(first);
});

test("uniform and gaussian numbers have their mean and variance", () => {
  const random = new Random(5);
  const moments = (draw: () => number) => {
    const values = Array.from({ length: 50_000 }, draw);
    const mean = values.reduce((a, b) => a + b) / values.length;
    const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
    return [mean, variance];
  };
  const [mean = 0, variance = 0] = moments(() => random.gaussian(3, 2));
  expect(mean).toBeCloseTo(3, 1);
  expect(variance).toBeCloseTo(4, 1);
  const [middle = 0, spread = 0] = moments(() => random.uniform(-1, 1));
  expect(middle).toBeCloseTo(0, 1);
  expect(spread).toBeCloseTo(1 / 3, 1);
});

test("shapes", () => {
  expect(countOf([2, 3, 4])).toBe(24);
  expect(countOf([2, 3, 4], 1)).toBe(12);
  expect(countOf([])).toBe(1);
  expect(sameShape([1, 2], [1, 2])).toBe(true);
  expect(sameShape([1, 2], [1, 2, 1])).toBe(false);
  expect(shapeText([64, 1])).toBe("(64,1)");
});

test("of a message that is too long to be read beginning and end are kept", () => {
  const text = `begin ${"x".repeat(1_000_000)} end`;
  for (const { message } of [
    new CaffeError(text),
    new LayerError({ name: "a", type: "B" }, text),
  ]) {
    expect(message.length).toBeLessThan(5000);
    expect(message).toMatch(/begin x+… \(10000\d+ characters\) …x+ end$/);
  }
  expect(new CaffeError("x".repeat(4000)).message).toBe("x".repeat(4000));
});
