import type protobuf from "protobufjs/light.js";
import { FormatError } from "../../util/errors.ts";
import { half } from "../../util/half.ts";
import type { Log } from "../../util/log.ts";
import type { BlobProto } from "../proto/caffe.ts";
import { bytesOf } from "../proto/decode-at.ts";

/** A blob as a file holds it. */
export interface FileBlob {
  readonly shape: readonly number[];
  /** The shape came from num, channels, height and width. */
  readonly legacyShape: boolean;
  readonly data: Float32Array | Float64Array;
  readonly diff?: Float32Array | Float64Array;
}

type Values = Float32Array | Float64Array;

/**
 * Reads the fields of a BlobProto up to `end`.
 *
 * Packed values are copied in one piece. NVIDIA's fork writes half precision into raw_data (12) with its type
 * in raw_data_type (10): 0 double, 1 float, 2 half.
 *
 * @throws FormatError where the number of values is not what the shape says
 */
export function readBlob(reader: protobuf.Reader, end: number): FileBlob {
  const legacy: (number | undefined)[] = [undefined, undefined, undefined, undefined];
  let shape: number[] | undefined;
  const dataPieces = new ValueList();
  const diffPieces = new ValueList();
  let rawType = 1;
  let raw: Uint8Array | undefined;
  while (reader.pos < end) {
    const tag = reader.uint32();
    const field = tag >>> 3;
    if (field >= 1 && field <= 4) legacy[field - 1] = reader.int32();
    else if (field === 5) dataPieces.add(readFloats(reader, tag, 4));
    else if (field === 6) diffPieces.add(readFloats(reader, tag, 4));
    else if (field === 7) shape = readShape(reader, reader.uint32() + reader.pos);
    else if (field === 8) dataPieces.add(readFloats(reader, tag, 8));
    else if (field === 9) diffPieces.add(readFloats(reader, tag, 8));
    else if (field === 10) rawType = reader.int32();
    else if (field === 12) raw = bytesOf(reader);
    else reader.skipType(tag & 7);
  }
  const given = dataPieces.values();
  const data = raw && given.length === 0 ? fromRaw(raw, rawType) : given;
  const diff = diffPieces.values();
  const legacyShape = legacy.some((length) => length !== undefined);
  const dims = legacyShape ? legacy.map((length) => length ?? 0) : (shape ?? []);
  const count = dims.reduce((product, length) => product * length, 1);
  if (dims.some((length) => length < 0) || (data.length !== count && data.length > 0)) {
    throw new FormatError(
      `a blob of shape (${dims.join(",")}) holds ${data.length} values. Expected ${count}.`,
    );
  }
  // A shape without values would ask for memory that no file vouches for.
  if (data.length === 0 && count > 0) {
    throw new FormatError(
      `a blob of shape (${dims.join(",")}) holds no values. Expected ${count}.`,
    );
  }
  return { shape: dims, legacyShape, data, ...(diff.length === count && count > 0 && { diff }) };
}

function readShape(reader: protobuf.Reader, end: number): number[] {
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

/** Packed values in one copy, or a single one. */
function readFloats(reader: protobuf.Reader, tag: number, size: 4 | 8): Values {
  const View = size === 4 ? Float32Array : Float64Array;
  if ((tag & 7) !== 2) return View.of(size === 4 ? reader.float() : reader.double());
  const bytes = new Uint8Array(bytesOf(reader));
  return new View(bytes.buffer, 0, Math.floor(bytes.length / size));
}

/**
 * Values that come in pieces. One packed piece, the usual case, is kept as it is; unpacked values come one at a
 * time, so the room for them doubles when it is full.
 */
class ValueList {
  #room: Values = new Float32Array(0);
  #length = 0;

  add(more: Values): void {
    if (this.#length === 0) {
      this.#room = more;
      this.#length = more.length;
      return;
    }
    const length = this.#length + more.length;
    const isWider = more instanceof Float64Array && this.#room instanceof Float32Array;
    if (length > this.#room.length || isWider) {
      const size = Math.max(length, 2 * this.#length);
      const isDouble = isWider || this.#room instanceof Float64Array;
      const larger = isDouble ? new Float64Array(size) : new Float32Array(size);
      larger.set(this.#room.subarray(0, this.#length));
      this.#room = larger;
    }
    this.#room.set(more, this.#length);
    this.#length = length;
  }

  values(): Values {
    return this.#length === this.#room.length ? this.#room : this.#room.slice(0, this.#length);
  }
}

function fromRaw(raw: Uint8Array, type: number): Values {
  const { buffer } = Uint8Array.from(raw);
  if (type === 0) return new Float64Array(buffer, 0, Math.floor(raw.length / 8));
  if (type === 1) return new Float32Array(buffer, 0, Math.floor(raw.length / 4));
  return Float32Array.from(new Uint16Array(buffer, 0, Math.floor(raw.length / 2)), half);
}

/** The shape that a BlobProto has: in the old fields num, channels, height and width, where it has one of them. */
export function shapeOf(proto: BlobProto): Pick<FileBlob, "shape" | "legacyShape"> {
  const legacy = [proto.num, proto.channels, proto.height, proto.width];
  const legacyShape = legacy.some((length) => length !== undefined);
  const shape = legacyShape ? legacy.map((length) => length ?? 0) : (proto.shape?.dim ?? []);
  return { shape: shape.map(Number), legacyShape };
}

/**
 * The bytes of a BlobProto in pieces: `shape`, or for a legacy shape the four old fields, and packed values, which are
 * not copied. Fields come in the order of their numbers, as Caffe writes them.
 */
export function blobChunks(blob: {
  readonly shape: readonly number[];
  readonly legacyShape?: boolean;
  readonly data: Values;
  readonly diff?: Values;
}): Uint8Array[] {
  const values = (field: number, values: Values | undefined): Uint8Array[] =>
    values ? delimited(field, piecesOf(values)) : [];
  const old = blob.shape.flatMap((length, i) => [(i + 1) << 3, ...varint(length)]);
  const before = blob.legacyShape ? [Uint8Array.from(old)] : [];
  const dims = Uint8Array.from(blob.shape.flatMap((length) => varint(length)));
  const shape = blob.legacyShape ? [] : delimited(7, dims.length === 0 ? [] : delimited(1, [dims]));
  return blob.data instanceof Float64Array
    ? [...before, ...shape, ...values(8, blob.data), ...values(9, blob.diff)]
    : [...before, ...values(5, blob.data), ...values(6, blob.diff), ...shape];
}

/** The bytes of values, in pieces that every system writes at once. */
function piecesOf({ buffer, byteOffset, byteLength }: Values): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < byteLength; at += PIECE) {
    pieces.push(new Uint8Array(buffer, byteOffset + at, Math.min(PIECE, byteLength - at)));
  }
  return pieces;
}

const PIECE = 2 ** 30;

/** Bytes in all chunks. */
export function lengthOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, { length }) => sum + length, 0);
}

/** A length-delimited field: tag, length, and the chunks. */
export function delimited(field: number, chunks: readonly Uint8Array[]): Uint8Array[] {
  return [Uint8Array.from([...varint((field << 3) | 2), ...varint(lengthOf(chunks))]), ...chunks];
}

/** A whole number, 0 or more, as protobuf's varint. */
export function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return bytes;
}

/** What protobuf reads, and so BVLC Caffe; and what memory holds in one piece, and so can be read here. */
const [MOST_OF_PROTOBUF, MOST_IN_MEMORY] = [2 ** 31 - 1, 2 ** 32];

/** What must be known of blobs to tell how long a file of them is. */
export interface Sized {
  readonly dtype: "f32" | "f64";
  count(): number;
}

/**
 * Makes sure that a file of those blobs could be read again, and warns where BVLC Caffe could not read it.
 * @param file what it is called in the message
 * @param instead what has no such limit
 * @param arrays how many of each blob are written: 2 with its diff
 * @throws FormatError where nobody could
 */
export function checkSize(
  blobs: readonly Sized[],
  file: string,
  instead: string,
  log: Log,
  arrays: 1 | 2 = 1,
): void {
  const values = blobs.reduce(
    (sum, blob) => sum + blob.count() * (blob.dtype === "f64" ? 8 : 4),
    0,
  );
  const bytes = values * arrays;
  if (bytes <= MOST_OF_PROTOBUF) return;
  const gibibytes = (bytes / 2 ** 30).toFixed(1);
  if (bytes > MOST_IN_MEMORY - 2 ** 20) {
    throw new FormatError(
      `${file} would hold ${gibibytes} GiB. Expected less than 4 GiB in BINARYPROTO; ${instead} has no such limit.`,
    );
  }
  log(
    "warning",
    "io",
    `${file} holds ${gibibytes} GiB. BVLC Caffe reads 2 GiB at most; ${instead} has no such limit.`,
  );
}
