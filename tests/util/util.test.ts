import { expect, test } from "vitest";
import { numberText } from "../../src/util/log.ts";
import { nearest, nearestAlways } from "../../src/util/nearest.ts";
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

test("the nearest name is found where the slip is small", () => {
  expect(nearest("kernal_size", ["kernel_size", "stride"])).toBe("kernel_size");
  expect(nearest("Relu", ["ReLU", "TanH"])).toBe("ReLU");
  expect(nearest("completely_else", ["kernel_size"])).toBeUndefined();
  expect(nearestAlways("Relu", ["ReLU", "TanH"])).toBe(' Did you mean "ReLU"?');
  expect(nearestAlways("Permute", ["ReLU", "PReLU"])).toBe(' The nearest known name is "PReLU".');
  expect(nearestAlways("Permute", [])).toBe("");
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
