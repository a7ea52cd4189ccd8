import { expect, test } from "vitest";
import { Random } from "../../src/util/random.ts";

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
