import { expect, test } from "vitest";
import { netOf } from "../../support/nets.ts";

const input = (shapes: string) =>
  netOf(`layer { name: "in" type: "Input" top: "a" top: "b" input_param { ${shapes} } }`);

test("Input shapes its tops: one shape for all, one for each, or none", () => {
  expect(input("shape { dim: 2 dim: 3 }").blobs.get("b")?.shape).toEqual([2, 3]);
  expect(input("shape { dim: 2 } shape { dim: 3 }").blobs.get("b")?.shape).toEqual([3]);
  expect(input("").inputs).toEqual(["a", "b"]);
});

test("Input refuses another number of shapes", () => {
  expect(() => input("shape {} shape {} shape {}")).toThrow(
    "Must specify 'shape' once, once per top blob, or not at all",
  );
});
