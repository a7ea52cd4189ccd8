import protobuf from "protobufjs/light.js";
import { CaffeError, FormatError } from "../../util/errors.ts";

/** What decoders of our own ask of the bytes of a message in memory (protobufjs' reader), or in a file (`WireFile`). */
export type WireReader = protobuf.Reader | LaterReader;

/** A reader that need not read the bytes of long fields at once. */
export interface LaterReader
  extends Readonly<Pick<protobuf.Reader, "pos" | "len">>,
    Pick<protobuf.Reader, "uint32" | "int32" | "int64" | "float" | "double" | "string"> {
  skipType(type: number): unknown;
  /** So many bytes that are next, in memory of their own: they are there now, or when `settle` has been called. */
  take(length: number): Uint8Array<ArrayBuffer>;
  settle(): void;
}

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

/** The same in memory of their own, which a file's reader may fill later. */
export function copyOf(reader: WireReader): Uint8Array<ArrayBuffer> {
  if (reader instanceof protobuf.Reader) return new Uint8Array(bytesOf(reader));
  return reader.take(endOf(reader) - reader.pos);
}

/** Reads what was to be read later. */
export function settle(reader: WireReader): void {
  if (!(reader instanceof protobuf.Reader)) reader.settle();
}

/** Where a length-delimited field that begins here ends. */
export function endOf(reader: WireReader): number {
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > reader.len) {
    throw new FormatError(`a field of ${length} bytes reaches beyond the end of the file`);
  }
  return end;
}
