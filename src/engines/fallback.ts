import { MissingAddonError } from "../util/errors.ts";
import type { Log } from "../util/log.ts";

let hasWarned = false;

/**
 * Says that a slower engine serves. Where a user can do something about it, that is a warning with the commands; without a log
 * it is one of the process's own, once, since npm shows nothing of what an install says.
 *
 * @param error why the native engine cannot be loaded
 * @param instead what serves: "the reference engine serves"
 */
export function tellFallback(error: unknown, instead: string, log?: Log): void {
  const why = (error as Error).message.split("\n")[0] ?? "";
  const text = `The native engine cannot be loaded (${why}); ${instead}`;
  if (!(error instanceof MissingAddonError)) {
    log?.("info", "engine", `${text}.`);
    return;
  }
  const warning = `${text}, many times slower. ${error.mend}`;
  if (log) log("warning", "engine", warning);
  else if (!hasWarned) process.emitWarning(warning, "CaffeWarning");
  hasWarned = true;
}
