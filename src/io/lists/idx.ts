import { gunzipSync } from "node:zlib";
import { FormatError } from "../../util/errors.ts";
import { readBytes } from "../files/read-file.ts";

/** An array of bytes as MNIST's files hold it: 10,000 labels, or 10,000×28×28 pixels. */
export interface IdxFile {
  readonly dims: readonly number[];
  readonly data: Uint8Array;
}

/**
 * Reads an IDX file of unsigned bytes, packed by gzip or not.
 *
 * Two zero bytes, the element type (8), the number of axes, their lengths as big-endian 32-bit numbers, the
 * elements in row-major order.
 *
 * @throws FileError, FormatError
 * @see LeCun, Cortes & Burges, "The MNIST database"
 */
export function readIdx(path: string): IdxFile {
  const raw = readBytes(path, "IDX file");
  const bytes = raw[0] === 0x1f && raw[1] === 0x8b ? unpack(raw, path) : raw;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const axes = bytes[3] ?? 0;
  if (bytes.length < 4 + 4 * axes || bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== 8) {
    throw new FormatError(`${path}: it does not begin as an IDX file of bytes does.`);
  }
  const dims = Array.from({ length: axes }, (_, i) => view.getUint32(4 + 4 * i));
  const count = dims.reduce((a, b) => a * b, 1);
  const data = bytes.subarray(4 + 4 * axes);
  if (data.length < count) {
    throw new FormatError(
      `${path}: it holds ${data.length} elements. Expected ${dims.join("×")} = ${count}; it is cut short.`,
    );
  }
  return { dims, data: data.subarray(0, count) };
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
