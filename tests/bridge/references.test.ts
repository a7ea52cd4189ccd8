import { expect, test } from "vitest";
import { References } from "../../src/bridge/references.ts";

class One {}
class Other {}

test("an object has one number as long as it is held, and as often as it is held", () => {
  const references = new References();
  const [one, other] = [new One(), new Other()];
  const number = references.take(one);
  expect(references.take(one)).toBe(number);
  expect(references.take(other)).not.toBe(number);
  expect(references.get(number, One)).toBe(one);
  expect(references.release(number)).toBeUndefined();
  expect(references.get(number, One)).toBe(one);
  expect(references.release(number)).toBe(one);
  expect(references.release(number)).toBeUndefined();
  // A number that was given up is never given out again.
  expect(references.take(one)).toBeGreaterThan(number + 1);
});

test("a number of nothing, or of something else, is an error that says what was expected", () => {
  const references = new References();
  const number = references.take(new One());
  for (const wrong of [number + 1, -1, Number.NaN]) {
    expect(() => references.get(wrong, One)).toThrow(`there is no One ${wrong}.`);
  }
  expect(() => references.get(number, Other)).toThrow(`there is no Other ${number}.`);
});
