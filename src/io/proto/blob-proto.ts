import type { FloatArray } from "../../util/arrays.ts";
import { FormatError } from "../../util/errors.ts";
import { half } from "../../util/half.ts";
import type { BlobValue } from "../../util/nd-array.ts";
import { countOf, shapeText } from "../../util/shape.ts";
import type { BlobProto } from "./caffe.ts";
import { copyOf, settle, type WireReader } from "./decode-at.ts";
import { delimited, varint } from "./wire.ts";

/**
 * Reads the fields of a BlobProto up to `end`, as files of weights hold them.
 *
 * Packed values are copied in one piece. NVIDIA's fork writes half precision into raw_data (12) with its type
 * in raw_data_type (10): 0 double, 1 float, 2 half. C3D's has five old axes, length between channels and height, so its
 * data is field 6 and its diff field 7.
 *
 * @throws FormatError as `blobValueOf`
 */
export function readBlob(reader: WireReader, end: number): BlobValue {
  const legacy: (number | undefined)[] = [undefined, undefined, undefined, undefined];
  let shape: number[] | undefined;
  const [data, diff] = [new ValueList(), new ValueList()];
  const [doubleData, doubleDiff] = [new ValueList(), new ValueList()];
  let isVolume = false;
  let rawType = 1;
  let raw: Uint8Array<ArrayBuffer> | undefined;
  while (reader.pos < end) {
    const tag = reader.uint32();
    const field = tag >>> 3;
    if (field >= 1 && field <= 4) legacy[field - 1] = reader.int32();
    else if (field === 5 && (tag & 7) === VARINT) {
      legacy[4] = reader.int32();
      isVolume = true;
    } else if (field === (isVolume ? 6 : 5)) data.read(reader, tag, 4);
    else if (field === (isVolume ? 7 : 6)) diff.read(reader, tag, 4);
    else if (field === 7) shape = readShape(reader, reader.uint32() + reader.pos);
    else if (field === 8) doubleData.read(reader, tag, 8);
    else if (field === 9) doubleDiff.read(reader, tag, 8);
    else if (field === 10) rawType = reader.int32();
    else if (field === 12) raw = copyOf(reader);
    else reader.skipType(tag & 7);
  }
  const given = floats(data.values(), doubleData.values());
  if (raw && given.length === 0) settle(reader);
  return checked(
    legacy,
    shape,
    raw && given.length === 0 ? fromRaw(raw, rawType) : given,
    floats(diff.values(), doubleDiff.values()),
  );
}

/** The wire type of whole numbers. */
const VARINT = 0;

function readShape(reader: WireReader, end: number): number[] {
  const dims: number[] = [];
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 !== 1) reader.skipType(tag & 7);
    else if ((tag & 7) === 2) {
      const stop = reader.uint32() + reader.pos;
      while (reader.pos < stop) dims.push(Number(reader.int64()));
    } else dims.push(Number(reader.int64()));
  }
  return dims;
}

/** Packed values in one copy, or a single one. Those of a file may be read later. */
function readFloats(reader: WireReader, tag: number, size: 4 | 8): FloatArray {
  const View = size === 4 ? Float32Array : Float64Array;
  if ((tag & 7) !== 2) return View.of(size === 4 ? reader.float() : reader.double());
  const { buffer, length } = copyOf(reader);
  return new View(buffer, 0, Math.floor(length / size));
}

/**
 * Values of one kind that come in pieces. One packed piece, the usual case, is kept as it is; unpacked values come one at a
 * time, so the room for them doubles when it is full.
 */
class ValueList {
  #room: FloatArray = new Float32Array(0);
  #length = 0;

  /** Reads what a field holds. */
  read(reader: WireReader, tag: number, size: 4 | 8): void {
    const more = readFloats(reader, tag, size);
    // What is joined is copied.
    if (this.#length > 0) settle(reader);
    this.#add(more);
  }

  #add(more: FloatArray): void {
    if (this.#length === 0) {
      this.#room = more;
      this.#length = more.length;
      return;
    }
    const length = this.#length + more.length;
    if (length > this.#room.length) {
      const size = Math.max(length, 2 * this.#length);
      const isDouble = this.#room instanceof Float64Array;
      const larger = isDouble ? new Float64Array(size) : new Float32Array(size);
      larger.set(this.#room.subarray(0, this.#length));
      this.#room = larger;
    }
    this.#room.set(more, this.#length);
    this.#length = length;
  }

  values(): FloatArray {
    return this.#length === this.#room.length ? this.#room : this.#room.slice(0, this.#length);
  }
}

/** @param raw of memory of its own */
function fromRaw(raw: Uint8Array<ArrayBuffer>, type: number): FloatArray {
  const { buffer } = raw;
  if (type === 0) return new Float64Array(buffer, 0, Math.floor(raw.length / 8));
  if (type === 1) return new Float32Array(buffer, 0, Math.floor(raw.length / 4));
  return Float32Array.from(new Uint16Array(buffer, 0, Math.floor(raw.length / 2)), half);
}

/**
 * The value that a BlobProto holds: `shape`, or the legacy num, channels, height and width; float or double data.
 *
 * @throws FormatError where the number of values, or of a diff's, is not what the shape says. None at all is as wrong: a
 *   shape alone would ask for memory that no file vouches for
 * @see Caffe's Blob::FromProto, which stops there too
 */
export function blobValueOf(proto: BlobProto): BlobValue {
  return checked(
    [proto.num, proto.channels, proto.height, proto.width],
    proto.shape?.dim?.map(Number),
    floats(proto.data, proto.double_data),
    floats(proto.diff, proto.double_diff),
  );
}

/** Whether a value is written with the four old fields, from which it came. */
function isOld({ shape, legacyShape }: BlobValue): boolean {
  return legacyShape === true && shape.length <= 4;
}

/** A BlobProto holding the value: `shape`, or the four old fields where it came from them, and `data` or `double_data` by its element type. */
export function blobProtoOf(value: BlobValue): BlobProto {
  const { shape, data, diff } = value;
  const [num, channels, height, width] = shape;
  const isDouble = data instanceof Float64Array;
  return {
    ...(isOld(value) ? { num, channels, height, width } : { shape: { dim: [...shape] } }),
    ...(isDouble ? { double_data: data } : { data }),
    ...(diff && (isDouble ? { double_diff: diff } : { diff })),
  } as BlobProto;
}

function checked(
  legacy: readonly (number | undefined)[],
  dims: readonly number[] = [],
  data: FloatArray,
  diff: FloatArray,
): BlobValue {
  const legacyShape = legacy.some((length) => length !== undefined);
  const shape = legacyShape ? legacy.map((length) => length ?? 0) : dims;
  const count = countOf(shape);
  const negative = shape.find((length) => length < 0);
  if (negative !== undefined) {
    throw new FormatError(
      `a blob of shape ${shapeText(shape)} has an axis of length ${negative}. Expected 0 or more.`,
    );
  }
  const refuse = (values: FloatArray, what: string): never => {
    throw new FormatError(
      `a blob of shape ${shapeText(shape)} holds ${values.length || "no"} ${what}. Expected ${count}.`,
    );
  };
  if (data.length !== count) refuse(data, "values");
  if (diff.length !== count && diff.length > 0) refuse(diff, "values of its diff");
  return { shape, legacyShape, data, ...(diff.length > 0 && { diff }) };
}

/** Doubles where there are some, as Caffe takes them. */
function floats(
  single: ArrayLike<number> | undefined,
  double: ArrayLike<number> | undefined,
): FloatArray {
  if (double && double.length > 0) {
    return double instanceof Float64Array ? double : Float64Array.from(double);
  }
  return single instanceof Float32Array ? single : Float32Array.from(single ?? []);
}

/**
 * The bytes of a BlobProto in pieces: `shape`, or for a legacy shape the four old fields, and packed values, which are
 * not copied. Fields come in the order of their numbers, as Caffe writes them.
 */
export function blobChunks(blob: BlobValue): Uint8Array[] {
  const values = (field: number, values: FloatArray | undefined): Uint8Array[] =>
    values ? delimited(field, piecesOf(values)) : [];
  const old = blob.shape.flatMap((length, i) => [(i + 1) << 3, ...varint(length)]);
  const before = isOld(blob) ? [Uint8Array.from(old)] : [];
  const dims = Uint8Array.from(blob.shape.flatMap((length) => varint(length)));
  const shape = isOld(blob) ? [] : delimited(7, dims.length === 0 ? [] : delimited(1, [dims]));
  return blob.data instanceof Float64Array
    ? [...before, ...shape, ...values(8, blob.data), ...values(9, blob.diff)]
    : [...before, ...values(5, blob.data), ...values(6, blob.diff), ...shape];
}

/** The bytes of values, in pieces that every system writes at once. */
function piecesOf({ buffer, byteOffset, byteLength }: FloatArray): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < byteLength; at += PIECE) {
    pieces.push(new Uint8Array(buffer, byteOffset + at, Math.min(PIECE, byteLength - at)));
  }
  return pieces;
}

const PIECE = 2 ** 30;
