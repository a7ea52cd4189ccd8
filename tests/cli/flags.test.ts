import { describe, expect, test } from "vitest";
import type { Argv, CommandModule } from "yargs";
import { ExitError, exitCodeOf } from "../../src/cli/exit-codes.ts";
import {
  expandFlagFiles,
  listOf,
  normaliseFlags,
  readFlagValues,
  real,
  whole,
  wholeOfAnySign,
} from "../../src/cli/flags.ts";
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

describe("values of flags", () => {
  const commands = [
    {
      command: "paint <file>",
      builder: (yargs: Argv) =>
        yargs
          .positional("file", { type: "string" })
          .option("gray", { type: "boolean" })
          .option("note", { type: "string" })
          .option(...whole("top", { least: 1, describe: "" })),
      handler: () => {},
    },
    {
      command: "all",
      builder: (yargs: Argv) =>
        yargs.command({
          command: "inner",
          builder: (inner: Argv) => inner.option("deep", { type: "boolean" }),
          handler: () => {},
        }),
      handler: () => {},
    },
  ] as unknown as CommandModule[];
  const read = (...args: string[]): string[] =>
    readFlagValues(args, commands, { debug: { type: "boolean" } });

  test.each(["1", "t", "T", "true", "True", "TRUE", "y", "Y", "yes", "YES"])(
    "%s is true",
    (yes) => {
      expect(read("paint", `--gray=${yes}`, "x")).toEqual(["paint", "--gray=true", "x"]);
    },
  );

  test.each(["0", "f", "F", "false", "False", "n", "N", "no", "No"])("%s is false", (no) => {
    expect(read("paint", `--gray=${no}`, "x")).toEqual(["paint", "--gray=false", "x"]);
  });

  test.each(["banana", "", "2", "-1", "tru", "on", "off", " true"])("%j is neither", (neither) => {
    expect(() => read("paint", `--gray=${neither}`)).toThrow(/--gray is .* Expected true or false/);
    expect(() => read(`--debug=${neither}`, "paint")).toThrow("--debug is");
  });

  test("a bare flag is true and takes no word; noNAME and no-NAME are false", () => {
    expect(read("paint", "--gray", "true")).toEqual(["paint", "--gray=true", "true"]);
    expect(read("--gray", "paint", "--debug")).toEqual(["--gray=true", "paint", "--debug=true"]);
    expect(read("paint", "--nogray", "x")).toEqual(["paint", "--gray=false", "x"]);
    expect(read("paint", "--no-gray", "x")).toEqual(["paint", "--gray=false", "x"]);
    expect(() => read("paint", "--nogray=1")).toThrow("--nogray is 1. Expected no value");
  });

  test("other flags and words behind -- are left alone; what is no flag of the command is an error", () => {
    const args = ["paint", "--note=no", "--file=x", "--", "--gray=banana", "--deep=maybe"];
    expect(read(...args)).toEqual(args);
    expect(() => read("paint", "--nonote")).toThrow(
      "Unknown flag --nonote. Did you mean --note? See caffe help paint.",
    );
    expect(() => read("paint", "--deep=y")).toThrow("Unknown flag --deep. See caffe help paint.");
    // A shell that completes a line gives what is there of it.
    const half = ["--get-yargs-completions", "caffe", "paint", "--no"];
    expect(read(...half)).toEqual(half);
    expect(read("all", "inner", "--deep=y")).toEqual(["all", "inner", "--deep=true"]);
  });

  test("a number is one", () => {
    for (const fine of ["1", "-1", "2.5", ".5", "1e3", "+4"]) {
      expect(read("paint", `--top=${fine}`, "--top", fine)).toHaveLength(4);
    }
    for (const bad of ["abc", "0x10", "1e", "1 2", "Infinity", "NaN", "1,5"]) {
      expect(() => read("paint", `--top=${bad}`)).toThrow(`--top is ${bad}. Expected a number.`);
    }
    expect(() => read("paint", "--top=")).toThrow("--top is empty. Expected a number.");
    expect(() => read("paint", "--top")).toThrow("--top is empty. Expected a number.");
  });
});

test("flags that are numbers have a range", () => {
  const check = (flag: readonly unknown[], value: number | number[]): unknown =>
    (flag[1] as { coerce: (value: number | number[]) => unknown }).coerce(value);
  const top = whole("top", { least: 1, most: 9, describe: "" });
  expect(check(top, 9)).toBe(9);
  expect(check(top, [3, 4])).toBe(4);
  expect(() => check(top, 0)).toThrow("--top is 0. Expected a whole number, 1 or more.");
  expect(() => check(top, 2.5)).toThrow("--top is 2.5. Expected a whole number, 1 or more.");
  expect(() => check(top, 10)).toThrow("--top is 10. Expected a whole number, 9 or less.");
  const seed = whole("seed", { describe: "" });
  expect(check(seed, 2 ** 31 - 1)).toBe(2 ** 31 - 1);
  expect(() => check(seed, 2 ** 31)).toThrow("--seed is 2147483648.");
  const level = wholeOfAnySign("level", { describe: "" });
  expect(check(level, -3)).toBe(-3);
  expect(() => check(level, -(2 ** 31) - 1)).toThrow("Expected a whole number.");
  const share = real("share", { least: 0, most: 1, describe: "" });
  expect(check(share, 0.25)).toBe(0.25);
  expect(() => check(share, 1.5)).toThrow("--share is 1.5. Expected a number, 1 or less.");
  expect(() => check(share, Number.NaN)).toThrow("--share is NaN. Expected a number.");
});

test("a comma list has no empty items", () => {
  expect(listOf("x", "a,,b")).toEqual(["a", "b"]);
  expect(listOf("x", "")).toEqual([]);
  expect(listOf("x", undefined)).toEqual([]);
  for (const nothing of [",", ", ,", " "]) {
    expect(() => listOf("x", nothing)).toThrow(`--x is "${nothing}", which names nothing.`);
  }
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
