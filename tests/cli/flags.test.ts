import { describe, expect, test } from "vitest";
import { ExitError, exitCodeOf } from "../../src/cli/exit-codes.ts";
import { expandFlagFiles, listOf, normaliseFlags } from "../../src/cli/flags.ts";
import { glogPrefix } from "../../src/cli/glog.ts";
import { logSettings, reaches } from "../../src/cli/log-settings.ts";
import { CaffeError, DivergenceError } from "../../src/util/errors.ts";

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

describe("--flagfile", () => {
  const files: Readonly<Record<string, string>> = {
    a: "# a comment\n\n--solver=x y.prototxt\n  -snapshot=auto  \r\n",
    b: "--flagfile=a\n--gpu=0",
    ring: "--flagfile=ring",
    bad: "--ok=1\nsolver=x",
  };
  const expand = (...args: string[]): string[] =>
    expandFlagFiles(args, (file) => files[file] ?? "");

  test("stands for the flags in it, one on a line", () => {
    const a = ["--solver=x y.prototxt", "--snapshot=auto"];
    expect(expand("train", "--flagfile=a", "--level=1")).toEqual(["train", ...a, "--level=1"]);
    expect(expand("train", "--flagfile", "a")).toEqual(["train", ...a]);
    expect(expand("--flagfile=b")).toEqual([...a, "--gpu=0"]);
    expect(expand("--flagfile=a,b")).toEqual([...a, ...a, "--gpu=0"]);
  });

  test.each([
    [["--flagfile"], "--flagfile names no file"],
    [["--flagfile="], "--flagfile names no file"],
    [["--flagfile=ring"], "--flagfile=ring: flag files name flag files 10 deep"],
    [["--flagfile=bad"], 'bad:2: "solver=x" is no flag. Expected --name=value'],
  ])("%j is refused", (args, message) => {
    expect(() => expand(...args)).toThrow(message);
  });
});

describe("glog's settings", () => {
  test("come from flags, and where there are none from GLOG_ variables", () => {
    expect(logSettings({}, {})).toEqual({
      least: "info",
      leastOnScreen: "info",
      folder: undefined,
    });
    expect(logSettings({}, { GLOG_minloglevel: "1" }).least).toBe("warning");
    expect(logSettings({ minloglevel: 2 }, { GLOG_minloglevel: "1" }).least).toBe("error");
    const files = { GLOG_log_dir: "logs", GLOG_stderrthreshold: "2" };
    expect(logSettings({}, files)).toEqual({
      least: "info",
      leastOnScreen: "error",
      folder: "logs",
    });
    expect(logSettings({ alsologtostderr: true }, files).leastOnScreen).toBe("info");
    expect(logSettings({}, { ...files, GLOG_logtostderr: "1" }).folder).toBeUndefined();
    expect(() => logSettings({ minloglevel: 9 }, {})).toThrow("minloglevel is 9. Expected 0 info");
  });

  test("levels are in order", () => {
    expect([reaches("info", "warning"), reaches("error", "warning")]).toEqual([false, true]);
  });
});

test("exit codes tell how a command ended", () => {
  expect(exitCodeOf(new CaffeError("x"))).toBe(1);
  expect(exitCodeOf(new TypeError("a bug"))).toBe(1);
  expect(exitCodeOf(new ExitError(new CaffeError("x"), 2))).toBe(2);
  expect(exitCodeOf(new DivergenceError("nan"))).toBe(3);
});
