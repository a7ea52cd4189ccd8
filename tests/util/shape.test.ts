import { expect, test } from "vitest";
import { countOf, sameShape, shapeText } from "../../src/util/shape.ts";

test("a shape has a count, an equal and a text", () => {
  expect(countOf([2, 3, 4])).toBe(24);
  expect(countOf([2, 3, 4], 1)).toBe(12);
  expect(countOf([])).toBe(1);
  expect(sameShape([1, 2], [1, 2])).toBe(true);
  expect(sameShape([1, 2], [1, 2, 1])).toBe(false);
  expect(shapeText([64, 1])).toBe("(64,1)");
});
