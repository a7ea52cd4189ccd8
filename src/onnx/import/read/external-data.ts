import { dirname, isAbsolute, join, normalize } from "node:path";
import { RandomAccessFile } from "../../../io/files/random-access-file.ts";
import { FormatError } from "../../../util/errors.ts";
import type { ReadOutside } from "./read-tensor.ts";

/**
 * Reads arrays that lie outside a file of ONNX, in its folder or below.
 * @param path of the file of ONNX
 */
export function readExternal(path: string): ReadOutside {
  return (location, offset, length) => {
    const inside = normalize(location);
    if (isAbsolute(location) || /^\.\.(?:[/\\]|$)/.test(inside) || location.includes("\0")) {
      throw new FormatError(
        `it keeps data in "${location.slice(0, 200)}". Expected a file in its own folder.`,
      );
    }
    const file = new RandomAccessFile(join(dirname(path), inside), "data of an ONNX file,");
    try {
      return file.read(offset, length);
    } finally {
      file.close();
    }
  };
}
