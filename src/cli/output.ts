import { isOfPeer } from "../bridge/session.ts";
import { CaffeError, systemErrorText } from "../util/errors.ts";
import { printable } from "../util/printable.ts";
import { exitCodes } from "./exit-codes.ts";

let isGuarded = false;

/**
 * Makes sure that a full disk or a closed pipe behind standard error does not end a run: training is worth more than its
 * log, which is lost then. A command whose standard output cannot be written ends with one line that says so: its result
 * would be lost.
 */
export function guardOutput(): void {
  if (isGuarded) return;
  isGuarded = true;
  process.stderr.on("error", () => {});
  process.stdout.on("error", (error) => {
    showError(
      new CaffeError(
        `standard output cannot be written: ${systemErrorText(error) ?? error.message}.`,
      ),
    );
    process.exit(exitCodes.error);
  });
}

/**
 * Says on standard error what ended a command: a CaffeError in one line, but for the traceback of a layer in Python; of
 * anything else, which is a bug, its stack.
 */
export function showError(error: unknown, isDebug = false): void {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  let text = `this is a bug in caffe-ts, please report it:\n${printable(stack, "\n")}`;
  if (error instanceof CaffeError) {
    text = isDebug ? printable(stack, "\n") : printable(error.message, isOfPeer(error) ? "\n" : "");
  }
  process.stderr.write(`caffe: ${text}\n`);
}
