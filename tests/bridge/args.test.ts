import { expect, test } from "vitest";
import { Args, floatsOf } from "../../src/bridge/args.ts";

const args = new Args("net.do", {
  count: 2,
  name: "",
  on: false,
  list: [1, 2.5],
  words: ["a"],
  nothing: null,
  mixed: [1, "a"],
});

test("what was given is there by its kind", () => {
  expect(args.number("count")).toBe(2);
  expect(args.text("name")).toBe("");
  expect(args.boolean("on")).toBe(false);
  expect(args.numbers("list")).toEqual([1, 2.5]);
  expect(args.texts("words")).toEqual(["a"]);
  expect(["count", "name", "on", "nothing", "absent"].map((name) => args.has(name))).toEqual([
    ...[true, true, true],
    ...[false, false],
  ]);
});

test.each([
  [() => args.number("name"), 'request net.do: name is "". Expected a number.'],
  [() => args.number("absent"), "absent is undefined. Expected a number."],
  [() => args.text("count"), "count is 2. Expected a text."],
  [() => args.boolean("nothing"), "nothing is null. Expected true or false."],
  [() => args.numbers("mixed"), 'mixed is [1,"a"]. Expected a list of numbers.'],
  [() => args.numbers("count"), "count is 2. Expected a list of numbers."],
  [() => args.texts("list"), "list is [1,2.5]. Expected a list of strings."],
])("what is missing or of another kind is an error: %s", (ask, message) => {
  expect(ask).toThrow(message);
});

test("floats are copied from wherever they lie", () => {
  const bytes = Buffer.alloc(13);
  for (const [i, value] of [1.5, -2, Number.NaN].entries()) bytes.writeFloatLE(value, 1 + 4 * i);
  const floats = floatsOf(bytes.subarray(1));
  bytes.fill(0);
  expect([...floats]).toEqual([1.5, -2, Number.NaN]);
  expect(floatsOf(Buffer.alloc(0))).toHaveLength(0);
});
