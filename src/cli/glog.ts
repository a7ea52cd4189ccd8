import type { Severity } from "../util/log.ts";

const LETTERS: Readonly<Record<Severity, string>> = {
  info: "I",
  warning: "W",
  error: "E",
  fatal: "F",
};

/**
 * The prefix of a line in glog's form: `I0210 13:39:22.381027 25210 solver.ts:1] `. Programs that read Caffe's
 * logs split lines at its spaces.
 */
export function glogPrefix(severity: Severity, source: string, now: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const date = two(now.getMonth() + 1) + two(now.getDate());
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join(":");
  const micros = String(now.getMilliseconds() * 1000).padStart(6, "0");
  const thread = String(process.pid).padStart(5, " ");
  return `${LETTERS[severity]}${date} ${time}.${micros} ${thread} ${source}.ts:1] `;
}
