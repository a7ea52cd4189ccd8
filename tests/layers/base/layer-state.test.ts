import { expect, test } from "vitest";
import { refusesOtherForms } from "../../../src/layers/base/layer-state.ts";

test("a state of another form is refused, in words; without a present one none is", () => {
  const present = { random: [1, 2], position: 3 };
  expect(refusesOtherForms(present, { random: [5, 6], position: 0 })).toBeUndefined();
  expect(refusesOtherForms(undefined, { random: [1] })).toBeUndefined();
  expect(refusesOtherForms(present, { random: [5, 6, 7], position: 0 })).toBe(
    "it holds 3 numbers, number. Expected 2 numbers, number.",
  );
  expect(refusesOtherForms(present, {})).toBe("it holds nothing. Expected 2 numbers, number.");
});
