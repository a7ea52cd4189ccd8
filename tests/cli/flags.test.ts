import { expect, test } from "vitest";
import { listOf, normaliseFlags } from "../../src/cli/flags.ts";
import { glogPrefix } from "../../src/cli/glog.ts";

test.each([
  [
    ["-solver", "x"],
    ["--solver", "x"],
  ],
  [["-solver=x"], ["--solver=x"]],
  [["--solver=x"], ["--solver=x"]],
  [
    ["train", "-sigint_effect=none", "-h"],
    ["train", "--sigint_effect=none", "-h"],
  ],
  [
    ["--level", "-1"],
    ["--level", "-1"],
  ],
])("flags %j become %j", (given, want) => {
  expect(normaliseFlags(given)).toEqual(want);
});

test("a comma list has no empty items", () => {
  expect(listOf("a,b")).toEqual(["a", "b"]);
  expect(listOf("")).toEqual([]);
  expect(listOf(undefined)).toEqual([]);
});

test("glog's prefix has fixed columns", () => {
  const now = new Date(2026, 1, 3, 4, 5, 6, 789);
  expect(glogPrefix("info", "solver", now)).toMatch(
    /^I0203 04:05:06\.789000 [ \d]{5,} solver\.ts:1\] $/,
  );
  expect(glogPrefix("warning", "net", now)[0]).toBe("W");
});
