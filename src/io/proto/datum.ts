import type protobuf from "protobufjs/light.js";
import { FormatError } from "../../util/errors.ts";
import { bytesOf, decodeAt } from "./decode-at.ts";
import { delimited, signedVarint } from "./wire.ts";

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
  /** The classes of the image's pixels, an image file of its own; not copied. Records of few databases have it. */
  readonly mask?: Uint8Array | undefined;
}

/** The tag of an AnnotatedDatum's first field, a message; a Datum's first field is a number. */
const ANNOTATED = 0x0a;

/** Whether bytes are those of an AnnotatedDatum. */
export function isAnnotated(bytes: Uint8Array): boolean {
  return bytes[0] === ANNOTATED;
}

/** The tag of MobileNet-YOLO's seg_label; NVIDIA's field of this number is no bytes, and is passed over. */
const MASK = 0x42;

/** Shared: an array of its own would cost each record as much as reading it. */
const NO_BYTES = new Uint8Array(0);

/**
 * Reads a serialised Datum.
 * @param source names the database, for messages
 * @throws FormatError where it is damaged
 */
export function decodeDatum(bytes: Uint8Array, source: string): Datum {
  return decodeAt(bytes, source, "a Datum", readDatum);
}

function readDatum(reader: protobuf.Reader): Datum {
  const datum = {
    channels: 0,
    height: 0,
    width: 0,
    data: NO_BYTES as Uint8Array,
    label: 0,
    floatData: undefined as Float32Array | undefined,
    encoded: false,
    mask: undefined as Uint8Array | undefined,
  };
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === 0x08) datum.channels = reader.int32();
    else if (tag === ANNOTATED) {
      throw new FormatError("it is an AnnotatedDatum, which an AnnotatedData layer reads");
    } else if (tag === 0x10) datum.height = reader.int32();
    else if (tag === 0x18) datum.width = reader.int32();
    else if (tag === 0x22) {
      const length = reader.uint32();
      datum.data = reader.buf.subarray(reader.pos, reader.pos + length);
      reader.skip(length);
    } else if (tag === MASK) datum.mask = bytesOf(reader);
    else if (tag === 0x28) datum.label = reader.int32();
    else if (tag >>> 3 === 6) datum.floatData = readFloats(reader, tag, datum.floatData);
    else if (tag === 0x38) datum.encoded = reader.bool();
    else reader.skipType(tag & 7);
  }
  return datum;
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

/**
 * The bytes of a Datum, with the fields that are given, as Caffe's tools write it: floats come one by one.
 */
export function encodeDatum(datum: Partial<Datum>): Uint8Array {
  const { channels, height, width, data, label, floatData, encoded } = datum;
  const chunks: Uint8Array[] = [];
  const number = (tag: number, value: number | undefined): void => {
    if (value !== undefined) chunks.push(Uint8Array.from([tag, ...signedVarint(value)]));
  };
  number(0x08, channels);
  number(0x10, height);
  number(0x18, width);
  if (data) chunks.push(...delimited(4, [data]));
  number(0x28, label);
  if (floatData) {
    const floats = new DataView(new ArrayBuffer(5 * floatData.length));
    floatData.forEach((value, i) => {
      floats.setUint8(5 * i, 0x35);
      floats.setFloat32(5 * i + 1, value, true);
    });
    chunks.push(new Uint8Array(floats.buffer));
  }
  if (encoded !== undefined) number(0x38, encoded ? 1 : 0);
  if (datum.mask) chunks.push(...delimited(8, [datum.mask]));
  return Buffer.concat(chunks);
}
