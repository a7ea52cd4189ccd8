import { HttpError } from "../../http/http-error.ts";
import { half } from "../../util/half.ts";
import { cut } from "../../util/printable.ts";

/** How a datatype of the protocol becomes the net's floats. */
interface Datatype {
  /** Bytes of an element. */
  readonly size: number;
  /** An element of binary data, which is little-endian. */
  readonly read: (view: DataView, at: number) => number;
  /** The least and the most of whole numbers; undefined for numbers with a fraction. */
  readonly range?: readonly [least: number, most: number];
}

const bits = (count: number): readonly [number, number] => [0, 2 ** count - 1];
const signed = (count: number): readonly [number, number] => [
  -(2 ** (count - 1)),
  2 ** (count - 1) - 1,
];

const DATATYPES: ReadonlyMap<string, Datatype> = new Map<string, Datatype>([
  ["FP32", { size: 4, read: (view, at) => view.getFloat32(at, true) }],
  ["FP64", { size: 8, read: (view, at) => view.getFloat64(at, true) }],
  ["FP16", { size: 2, read: (view, at) => half(view.getUint16(at, true)) }],
  ["BOOL", { size: 1, read: (view, at) => (view.getUint8(at) === 0 ? 0 : 1), range: [0, 1] }],
  ["UINT8", { size: 1, read: (view, at) => view.getUint8(at), range: bits(8) }],
  ["UINT16", { size: 2, read: (view, at) => view.getUint16(at, true), range: bits(16) }],
  ["UINT32", { size: 4, read: (view, at) => view.getUint32(at, true), range: bits(32) }],
  ["UINT64", { size: 8, read: (view, at) => Number(view.getBigUint64(at, true)), range: bits(64) }],
  ["INT8", { size: 1, read: (view, at) => view.getInt8(at), range: signed(8) }],
  ["INT16", { size: 2, read: (view, at) => view.getInt16(at, true), range: signed(16) }],
  ["INT32", { size: 4, read: (view, at) => view.getInt32(at, true), range: signed(32) }],
  ["INT64", { size: 8, read: (view, at) => Number(view.getBigInt64(at, true)), range: signed(64) }],
]);

function datatypeOf(input: string, name: unknown): Datatype {
  const known = typeof name === "string" ? DATATYPES.get(name) : undefined;
  if (known) return known;
  throw new HttpError(
    400,
    `input "${input}" has datatype ${cut(JSON.stringify(name) ?? "none")}. Expected one of ${[...DATATYPES.keys()].join(", ")}.`,
  );
}

/**
 * Elements of binary data as the net's floats.
 * @throws HttpError 400 where the datatype is none, or there are not as many bytes as the shape has elements
 */
export function floatsOfBytes(
  input: string,
  datatype: unknown,
  bytes: Uint8Array,
  count: number,
): Float32Array<ArrayBuffer> {
  const { size, read } = datatypeOf(input, datatype);
  if (bytes.byteLength !== size * count) {
    throw new HttpError(
      400,
      `input "${input}" has ${bytes.byteLength} bytes of data. Expected ${size * count}: ${count} elements of ${datatype}.`,
    );
  }
  const floats = new Float32Array(count);
  if (datatype === "FP32" && isLittleEndian) {
    new Uint8Array(floats.buffer).set(bytes);
    return floats;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < count; i++) floats[i] = read(view, i * size);
  return floats;
}

const isLittleEndian: boolean = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/**
 * Elements of JSON, in one list or nested by their axes, as the net's floats.
 * @throws HttpError 400 where the datatype is none, an element is none of it, or counts differ
 */
export function floatsOfJson(
  input: string,
  datatype: unknown,
  data: unknown,
  count: number,
): Float32Array<ArrayBuffer> {
  const { range } = datatypeOf(input, datatype);
  if (!Array.isArray(data)) {
    throw new HttpError(
      400,
      `input "${input}" has no data. Expected a list, or binary_data_size among its parameters.`,
    );
  }
  const floats = new Float32Array(count);
  let at = 0;
  const take = (list: readonly unknown[], depth: number): void => {
    for (const value of list) {
      if (Array.isArray(value) && depth < MOST_AXES) {
        take(value, depth + 1);
        continue;
      }
      if (at === count) throw countError(input, "more", count);
      floats[at++] = numberOf(input, datatype, value, range);
    }
  };
  take(data, 1);
  if (at < count) throw countError(input, `${at}`, count);
  return floats;
}

/** What Caffe's blobs have at most. */
const MOST_AXES = 32;

function numberOf(
  input: string,
  datatype: unknown,
  value: unknown,
  range: readonly [number, number] | undefined,
): number {
  const number = typeof value === "boolean" && datatype === "BOOL" ? Number(value) : value;
  if (typeof number === "number") {
    if (!range) return number;
    if (Number.isInteger(number) && number >= range[0] && number <= range[1]) return number;
  }
  throw new HttpError(
    400,
    `input "${input}" holds ${cut(JSON.stringify(value) ?? "nothing")}. Expected numbers of ${datatype}.`,
  );
}

function countError(input: string, given: string, count: number): HttpError {
  return new HttpError(
    400,
    `input "${input}" has ${given} elements of data. Expected ${count}, as its shape says.`,
  );
}
