import { FormatError } from "../../util/errors.ts";
import { checkKind } from "../files/file-kind.ts";
import { readBytes } from "../files/read-file.ts";

/** Bytes that are looked at for zeros, which no list in UTF-8 holds. */
const HEAD = 4096;

/**
 * The bytes of a text file that lists something, without the mark that some editors put before UTF-8.
 *
 * @param what what it is to the reader, for the message: `image list`
 * @throws FileError where it cannot be read, FormatError where it is UTF-16, or of a kind that is no list
 */
export function readList(path: string, what: string): Uint8Array {
  const bytes = readBytes(path, what);
  checkKind(bytes, path, "a list in UTF-8");
  if (bytes.subarray(0, HEAD).includes(0)) {
    throw new FormatError(
      `${path}: it holds bytes of zero, as files that are no text do. Expected a list in UTF-8.`,
    );
  }
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return hasMark ? bytes.subarray(3) : bytes;
}
