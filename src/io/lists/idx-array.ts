import { FormatError } from "../../util/errors.ts";

/** An array of bytes as MNIST's files hold it: 10,000 labels, or 10,000×28×28 pixels. */
export interface IdxFile {
  readonly dims: readonly number[];
  readonly data: Uint8Array;
}

/**
 * Reads the bytes of an IDX file of unsigned bytes; `source` is for messages.
 *
 * Two zero bytes, the element type (8), the number of axes, their lengths as big-endian 32-bit numbers, the
 * elements in row-major order.
 *
 * @throws FormatError where they are cut short or no IDX file
 * @see LeCun, Cortes & Burges, "The MNIST database"
 */
export function decodeIdx(bytes: Uint8Array, source: string): IdxFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const axes = bytes[3] ?? 0;
  if (bytes.length < 4 + 4 * axes || bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== 8) {
    throw new FormatError(`${source}: it does not begin as an IDX file of bytes does.`);
  }
  const dims = Array.from({ length: axes }, (_, i) => view.getUint32(4 + 4 * i));
  const count = dims.reduce((a, b) => a * b, 1);
  const data = bytes.subarray(4 + 4 * axes);
  if (data.length < count) {
    throw new FormatError(
      `${source}: it holds ${data.length} elements. Expected ${dims.join("×")} = ${count}; it is cut short.`,
    );
  }
  return { dims, data: data.subarray(0, count) };
}
