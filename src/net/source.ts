import type { NetParameter } from "../io/proto/caffe.ts";
import { readNetParameter } from "../io/read-net.ts";
import { upgradeNet } from "../io/upgrade/upgrade.ts";
import type { Log } from "../util/log.ts";

/**
 * The parameter of a net that is given by its file, or as an object; one of an old form is upgraded.
 * @throws FileError, PrototxtError, FormatError
 */
export function netParameterOf(source: string | NetParameter, log: Log): NetParameter {
  if (typeof source === "string") return readNetParameter(source, log);
  const isOld = (source.layers?.length ?? 0) > 0 || (source.input?.length ?? 0) > 0;
  if (!isOld) return source;
  return upgradeNet(source, "net", (severity, message) => log(severity, "upgrade_proto", message));
}
