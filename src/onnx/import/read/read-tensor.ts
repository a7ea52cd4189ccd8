import type { FloatArray } from "../../../util/arrays.ts";
import { FormatError } from "../../../util/errors.ts";
import { countOf } from "../../../util/shape.ts";
import { elementTypeName, type OnnxMessage } from "../../format/message.ts";
import { Constant } from "../constant.ts";
import { elementFormats } from "./elements.ts";

/** Bytes that a tensor has outside its file, of that name, from that place on. */
export type ReadOutside = (location: string, offset: number, length: number) => Uint8Array;

type Tensor = OnnxMessage<"TensorProto">;

/** Of more elements no array is made. */
const MOST = 2 ** 31;

/**
 * An array of a file.
 * @param what names it in messages: `initializer "w"`
 * @throws FormatError where its type is none of numbers, or its lengths and what it holds do not agree
 */
export function readTensor(tensor: Tensor, what: string, outside: ReadOutside): Constant {
  const { dims = [] } = tensor;
  const fail = (message: string): never => {
    throw new FormatError(`${what} ${message}`);
  };
  const type = elementTypeName(tensor.data_type ?? 0);
  const format = elementFormats[type];
  if (!format) return fail(`has elements of type ${type}. Expected numbers or truths.`);
  if (tensor.segment) fail("is written in segments. Expected it in one piece.");
  if (dims.some((length) => !Number.isSafeInteger(length) || length < 0)) {
    fail(`has lengths ${dims.join("×")}. Expected whole numbers of 0 or more.`);
  }
  const count = countOf(dims);
  if (!(count <= MOST)) fail(`has ${count} elements. Expected ${MOST} at most.`);
  const size = Math.ceil((count * format.bits) / 8);
  const checked = (bytes: Uint8Array): Uint8Array =>
    bytes.length === size
      ? bytes
      : fail(`holds ${bytes.length} bytes, its shape ${dims.join("×")} takes ${size}.`);
  if (tensor.data_location === "EXTERNAL") {
    const { location, offset, length } = placeOf(tensor, size, fail);
    if (length !== size) fail(`has ${length} bytes outside, its shape takes ${size}.`);
    return new Constant(format.kind, dims, () =>
      format.decode(checked(outside(location, offset, size)), count),
    );
  }
  const raw = tensor.raw_data;
  if (raw !== undefined && (raw.length > 0 || count === 0)) {
    const bytes = checked(raw);
    return new Constant(format.kind, dims, () => format.decode(bytes, count));
  }
  const listed = listedValues(tensor, type, format.ofInteger);
  if (listed.length !== count) {
    fail(`holds ${listed.length} elements, its shape ${dims.join("×")} takes ${count}.`);
  }
  return new Constant(format.kind, dims, listed);
}

/** Where its bytes lie outside. */
function placeOf(
  { external_data: entries = [] }: Tensor,
  size: number,
  fail: (message: string) => never,
): { location: string; offset: number; length: number } {
  const entry = (key: string): string | undefined => entries.find((one) => one.key === key)?.value;
  const number = (key: string, usual: number): number => {
    const text = entry(key);
    if (text === undefined) return usual;
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
      fail(`lies outside its file with ${key} "${text.slice(0, 40)}". Expected a whole number.`);
    }
    return value;
  };
  const location = entry("location") ?? fail("lies outside its file, which does not say where.");
  return { location, offset: number("offset", 0), length: number("length", size) };
}

/** Elements that stand in a list of their own: floats, doubles, whole numbers; small ones as 32 bits. */
function listedValues(
  tensor: Tensor,
  type: string,
  ofInteger: (value: number) => number,
): FloatArray {
  if (type === "FLOAT") return Float32Array.from(tensor.float_data ?? []);
  if (type === "DOUBLE") return Float64Array.from(tensor.double_data ?? []);
  if (type === "INT64") return Float64Array.from(tensor.int64_data ?? []);
  if (type === "UINT64" || type === "UINT32") return Float64Array.from(tensor.uint64_data ?? []);
  return Float64Array.from(tensor.int32_data ?? [], ofInteger);
}
