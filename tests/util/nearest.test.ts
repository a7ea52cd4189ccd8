import { expect, test } from "vitest";
import { nearest, nearestText } from "../../src/util/nearest.ts";

test("the nearest name is found where the slip is small", () => {
  expect(nearest("kernal_size", ["kernel_size", "stride"])).toBe("kernel_size");
  expect(nearest("Relu", ["ReLU", "TanH"])).toBe("ReLU");
  expect(nearest("completely_else", ["kernel_size"])).toBeUndefined();
  expect(nearestText("Relu", ["ReLU", "TanH"])).toBe(' Did you mean "ReLU"?');
  expect(nearestText("Permute", ["ReLU", "PReLU"])).toBe("");
  expect(nearestText("a".repeat(10_000_000), ["a"])).toBe("");
});
