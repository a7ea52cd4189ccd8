import { gunzipSync } from "node:zlib";
import { FormatError } from "../../util/errors.ts";
import { readBytes } from "../files/read-file.ts";
import { decodeIdx, type IdxFile } from "./idx-array.ts";

/**
 * Reads an IDX file of unsigned bytes, packed by gzip or not.
 * @throws FileError, FormatError
 */
export function readIdx(path: string): IdxFile {
  const raw = readBytes(path, "IDX file");
  return decodeIdx(raw[0] === 0x1f && raw[1] === 0x8b ? unpack(raw, path) : raw, path);
}

function unpack(bytes: Uint8Array, path: string): Uint8Array {
  try {
    return gunzipSync(bytes);
  } catch (error) {
    throw new FormatError(
      `${path}: ${(error as Error).message}. Expected a whole gzip file; it is cut short or damaged.`,
      { cause: error },
    );
  }
}
