import { CaffeError } from "../util/errors.ts";
import type { Severity } from "../util/log.ts";
import { wholeOfAnySign } from "./flags.ts";

/** Where log lines go, by glog's flags and the environment variables of the same names. */
export interface LogSettings {
  /** Lines below this are dropped. */
  readonly least: Severity;
  /** Lines below this do not go to standard error. */
  readonly leastOnScreen: Severity;
  /** Folder that log files are written to; none where undefined. */
  readonly folder: string | undefined;
}

const severities: readonly Severity[] = ["info", "warning", "error", "fatal"];

/** glog's flags that mean something here, with their help. Each is also read from `GLOG_<name>`. */
export const logFlags = {
  minloglevel: {
    type: "number",
    describe: "drop log lines below this: 0 info, 1 warning, 2 error, 3 fatal",
  },
  stderrthreshold: {
    type: "number",
    describe:
      "keep log lines below this off the screen (with --log_dir); counts as minloglevel does",
  },
  log_dir: { type: "string", describe: "write log files to this folder too" },
  logtostderr: { type: "boolean", describe: "write no log files, whatever --log_dir says" },
  alsologtostderr: {
    type: "boolean",
    describe: "everything goes to the screen too (it does anyway)",
  },
  v: wholeOfAnySign("v", { describe: "taken for Caffe's sake: there are no verbose lines" })[1],
} as const;

/**
 * The settings that flags and environment ask for; a flag wins over its variable.
 * @throws CaffeError where a level is none
 */
export function logSettings(
  flags: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string | undefined>>,
): LogSettings {
  const of = (name: string): string | undefined => {
    const given = flags[name] ?? environment[`GLOG_${name}`];
    return given === undefined || given === "" ? undefined : String(given);
  };
  const level = (name: string): Severity => {
    const value = of(name) ?? "0";
    const severity = severities[Number(value)];
    if (severity) return severity;
    throw new CaffeError(`${name} is ${value}. Expected 0 info, 1 warning, 2 error or 3 fatal.`);
  };
  const isOn = (name: string): boolean => /^(?:1|t|true|y|yes)$/i.test(of(name) ?? "");
  const folder = isOn("logtostderr") ? undefined : of("log_dir");
  const isAlwaysOnScreen = folder === undefined || isOn("alsologtostderr");
  return {
    least: level("minloglevel"),
    leastOnScreen: isAlwaysOnScreen ? "info" : level("stderrthreshold"),
    folder,
  };
}

/** Whether `severity` is at least `least`. */
export function reaches(severity: Severity, least: Severity): boolean {
  return severities.indexOf(severity) >= severities.indexOf(least);
}
