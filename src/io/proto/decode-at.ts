import protobuf from "protobufjs/light.js";
import { CaffeError, FormatError } from "../../util/errors.ts";

/** Runs a decoder and says file and offset of whatever goes wrong in it. */
export function decodeAt<T>(
  bytes: Uint8Array,
  source: string,
  what: string,
  decode: (reader: protobuf.Reader) => T,
): T {
  const reader = protobuf.Reader.create(bytes);
  try {
    return decode(reader);
  } catch (error) {
    const problem =
      error instanceof CaffeError ? error.message : "the file is cut short or damaged";
    throw new FormatError(
      `${source}: ${problem} (at byte ${reader.pos} of ${bytes.length}). Expected ${what}.`,
      { cause: error },
    );
  }
}

/** The bytes of a length-delimited field that begins here, of which there may be more than the reader's own 2 GiB. */
export function bytesOf(reader: protobuf.Reader): Uint8Array {
  const end = endOf(reader);
  const bytes = reader.buf.subarray(reader.pos, end);
  reader.pos = end;
  return bytes;
}

/** Where a length-delimited field that begins here ends. */
export function endOf(reader: protobuf.Reader): number {
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > reader.len) {
    throw new FormatError(`a field of ${length} bytes reaches beyond the end of the file`);
  }
  return end;
}
