import type protobuf from "protobufjs/light.js";
import { delimited, varint } from "./blob-wire.ts";
import { decodeAt } from "./decode-at.ts";

/** One record: an image C×H×W of bytes, or the same of floats, and a label. */
export interface Datum {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Bytes of the image, channel by channel, or of a JPEG or PNG where `encoded`. Not copied. */
  readonly data: Uint8Array;
  readonly label: number;
  readonly floatData: Float32Array | undefined;
  readonly encoded: boolean;
}

/**
 * Reads a serialised Datum.
 * @param source names the database, for messages
 * @throws FormatError where it is damaged
 */
export function decodeDatum(bytes: Uint8Array, source: string): Datum {
  return decodeAt(bytes, source, "a Datum", (reader) => {
    const datum = {
      channels: 0,
      height: 0,
      width: 0,
      data: new Uint8Array(0) as Uint8Array,
      label: 0,
      floatData: undefined as Float32Array | undefined,
      encoded: false,
    };
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag === 0x08) datum.channels = reader.int32();
      else if (tag === 0x10) datum.height = reader.int32();
      else if (tag === 0x18) datum.width = reader.int32();
      else if (tag === 0x22) {
        const length = reader.uint32();
        datum.data = bytes.subarray(reader.pos, reader.pos + length);
        reader.skip(length);
      } else if (tag === 0x28) datum.label = reader.int32();
      else if (tag >>> 3 === 6) datum.floatData = readFloats(reader, tag, datum.floatData);
      else if (tag === 0x38) datum.encoded = reader.bool();
      else reader.skipType(tag & 7);
    }
    return datum;
  });
}

/** float_data: Caffe writes it unpacked, a tag before each value. */
function readFloats(
  reader: protobuf.Reader,
  tag: number,
  before: Float32Array | undefined,
): Float32Array {
  const values: number[] = before ? [...before] : [];
  if ((tag & 7) === 2) {
    const end = reader.uint32() + reader.pos;
    while (reader.pos < end) values.push(reader.float());
    return Float32Array.from(values);
  }
  values.push(reader.float());
  while (reader.pos < reader.len) {
    const at = reader.pos;
    if (reader.uint32() !== tag) {
      reader.pos = at;
      break;
    }
    values.push(reader.float());
  }
  return Float32Array.from(values);
}

/** The bytes of a Datum of an image, as Caffe's tools write it. */
export function encodeDatum(datum: {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly data: Uint8Array;
  readonly label: number;
}): Uint8Array {
  const head = [
    0x08,
    ...varint(datum.channels),
    0x10,
    ...varint(datum.height),
    0x18,
    ...varint(datum.width),
  ];
  const chunks = [
    Uint8Array.from(head),
    ...delimited(4, [datum.data]),
    Uint8Array.from([0x28, ...varint(datum.label)]),
  ];
  return Buffer.concat(chunks);
}
