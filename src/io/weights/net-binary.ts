import { FormatError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { checkKind } from "../files/file-kind.ts";
import { readBytes } from "../files/read-file.ts";
import type { NetParameter } from "../proto/caffe.ts";
import { upgradeNet } from "../upgrade/upgrade.ts";
import { decodeWithForeign, encodeWithForeign } from "./foreign-binary.ts";

/**
 * Reads a whole net with its weights from a .caffemodel of any age of BVLC Caffe, and brings it to the present form.
 *
 * Unlike `readCaffemodel` it trusts every field's number: it is for files of BVLC's own, as its upgrade tools are.
 *
 * @throws FileError, FormatError where the file cannot be read, or is cut short or damaged
 */
export function readNetBinary(path: string, log: Log): NetParameter {
  const bytes = readBytes(path, "net file");
  checkKind(bytes, path, "a .caffemodel");
  let net: NetParameter;
  try {
    net = decodeWithForeign("NetParameter", bytes);
  } catch (error) {
    throw new FormatError(
      `${path}: the file is cut short or damaged (${error instanceof Error ? error.message : String(error)}). Expected a .caffemodel in BINARYPROTO.`,
      { cause: error },
    );
  }
  return upgradeNet(net, path, log);
}

/** The bytes of a whole net: every field as it is, blobs of legacy shape and fields that only forks know included. */
export function encodeNetBinary(net: NetParameter): Uint8Array {
  return encodeWithForeign("NetParameter", net);
}
