import { CaffeError, FormatError } from "../../util/errors.ts";
import { type Log, silent } from "../../util/log.ts";
import { checkKind, type Wanted } from "../files/file-kind.ts";
import { readBytes } from "../files/read-file.ts";
import type { NetParameter, SolverParameter } from "../proto/caffe.ts";
import { checkMessage } from "../proto/check-message.ts";
import { keepSource } from "../proto/source.ts";
import { needsForkUpgrade } from "../upgrade/fork-forms.ts";
import { upgradeNet, upgradeSolver } from "../upgrade/upgrade.ts";
import { warnOfDeadFields } from "./dead-fields.ts";
import { parsePrototxt } from "./prototxt.ts";

/**
 * The parameter of a net that is given by its file, or as an object; one of an old form is upgraded.
 * @throws FileError, PrototxtError, FormatError, an object's fields too; CaffeError where it is neither
 */
export function netParameterOf(source: string | NetParameter, log: Log = silent): NetParameter {
  if (typeof source === "string") return readNetParameter(source, log);
  if (typeof source !== "object" || source === null || "forward" in source) {
    throw new CaffeError(
      `a net is given as ${typeof source === "object" ? "an object that is no NetParameter" : typeof source}. Expected its prototxt file, or its parameter, as parsePrototxt and net.toParameter() give it.`,
    );
  }
  checkMessage("NetParameter", source, "net");
  const isOld = (source.layers?.length ?? 0) > 0 || (source.input?.length ?? 0) > 0;
  if (!isOld && !needsForkUpgrade(source)) return source;
  return upgradeNet(source, "net", log);
}

/**
 * Reads a net's prototxt of any age.
 * @param log told of what is upgraded, and of fields without effect; silent by default
 * @throws FileError, PrototxtError, FormatError
 */
export function readNetParameter(path: string, log: Log = silent): NetParameter {
  const text = prototxtOf(readBytes(path, "net file"), path, "a net's prototxt");
  return notEmpty(parseNetParameter(text, path, log), path, "a net's prototxt");
}

/** As readNetParameter, from a text; `source` is for messages. */
export function parseNetParameter(text: string, source: string, log: Log): NetParameter {
  const net = parsePrototxt("NetParameter", text, source, (message) =>
    log("warning", "prototxt", message),
  );
  return upgraded(net, source, log);
}

/** The net in the present form, with a warning for each field that has no effect. */
function upgraded(net: NetParameter, source: string, log: Log): NetParameter {
  const current = upgradeNet(net, source, log);
  warnOfDeadFields(current, source, (message) => log("warning", "prototxt", message));
  return current;
}

/**
 * The parameter of a solver that is given by its file, or as an object.
 * @throws FileError, PrototxtError, FormatError, an object's fields too
 */
export function solverParameterOf(source: string | SolverParameter, log: Log): SolverParameter {
  if (typeof source === "string") return readSolverParameter(source, log);
  checkMessage("SolverParameter", source, "solver");
  return source;
}

/**
 * Reads a solver's prototxt; a net written in it is upgraded too.
 * @param log as of `readNetParameter`
 * @throws FileError, PrototxtError, FormatError
 */
export function readSolverParameter(path: string, log: Log = silent): SolverParameter {
  const text = prototxtOf(readBytes(path, "solver file"), path, "a solver's prototxt");
  return notEmpty(parseSolverParameter(text, path, log), path, "a solver's prototxt");
}

/** As readSolverParameter, from a text; `source` is for messages. */
export function parseSolverParameter(text: string, source: string, log: Log): SolverParameter {
  const solver = parsePrototxt("SolverParameter", text, source, (message) =>
    log("warning", "prototxt", message),
  );
  const current = upgradeSolver(solver, source, log);
  const inline = (net: NetParameter): NetParameter => upgraded(net, source, log);
  return keepSource(current, {
    ...current,
    ...(current.net_param && { net_param: inline(current.net_param) }),
    ...(current.train_net_param && { train_net_param: inline(current.train_net_param) }),
    ...(current.test_net_param && { test_net_param: current.test_net_param.map(inline) }),
  });
}

/** A net or a solver of which nothing is said was lost on its way here. */
function notEmpty<T extends object>(message: T, source: string, wanted: Wanted): T {
  if (Object.keys(message).length > 0) return message;
  throw new FormatError(`${source}: it is empty. Expected ${wanted}.`);
}

/**
 * The text of a prototxt.
 * @throws FormatError where it is another kind of file
 */
function prototxtOf(bytes: Uint8Array, source: string, wanted: Wanted): string {
  checkKind(bytes, source, wanted);
  return new TextDecoder().decode(bytes);
}
