import { expect, test } from "vitest";
import type { Log } from "../../src/util/log.ts";
import { OrderedLog } from "../../src/util/ordered-log.ts";

const say = (log: Log, ...lines: readonly string[]): void => {
  for (const line of lines) log("info", "test", line);
};

test("lines go on at once where no place is held", () => {
  const lines: string[] = [];
  const { log } = new OrderedLog((severity, source, line) => {
    lines.push(`${severity} ${source} ${line}`);
  });
  log("warning", "net", "a");
  expect(lines).toEqual(["warning net a"]);
});

test("lines behind held places wait for them, whichever is filled first; one may stay empty", () => {
  const lines: string[] = [];
  const ordered = new OrderedLog((_severity, _source, line) => void lines.push(line));
  const first = ordered.hold();
  say(ordered.log, "3");
  const second = ordered.hold();
  const third = ordered.hold();
  say(ordered.log, "6");
  second((log) => say(log, "4", "5"));
  expect(lines).toEqual([]);
  first((log) => say(log, "1", "2"));
  expect(lines).toEqual(["1", "2", "3", "4", "5"]);
  third();
  say(ordered.log, "7");
  expect(lines).toEqual(["1", "2", "3", "4", "5", "6", "7"]);
});
