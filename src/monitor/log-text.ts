import { checkKind } from "../io/files/file-kind.ts";
import { readBytes } from "../io/files/read-file.ts";

/**
 * The text of a log of training.
 * @throws FileError where it cannot be read; FormatError where it is a file of another kind, such as UTF-16, which a shell
 *   of Windows writes
 */
export function readLogText(path: string): string {
  const bytes = readBytes(path, "log");
  checkKind(bytes, path, "a log of caffe train");
  return new TextDecoder().decode(bytes);
}
