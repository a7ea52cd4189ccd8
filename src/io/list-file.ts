import { FormatError } from "../util/errors.ts";
import { readBytes } from "./files.ts";

/** Bytes that are looked at for zeros, which no list in UTF-8 holds. */
const HEAD = 4096;

/**
 * The bytes of a text file that lists something, without the mark that some editors put before UTF-8.
 *
 * @param what what it is to the reader, for the message: `image list`
 * @throws FileError where it cannot be read, FormatError where it is UTF-16 or no text
 */
export function readList(path: string, what: string): Uint8Array {
  const bytes = readBytes(path, what);
  const [first, second, third] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw new FormatError(`${path}: it is UTF-16. Expected UTF-8: save it so, or use iconv.`);
  }
  if (bytes.subarray(0, HEAD).includes(0)) {
    throw new FormatError(
      `${path}: it holds bytes of zero, as UTF-16 and files that are no text do. Expected text in UTF-8.`,
    );
  }
  const hasMark = first === 0xef && second === 0xbb && third === 0xbf;
  return hasMark ? bytes.subarray(3) : bytes;
}
