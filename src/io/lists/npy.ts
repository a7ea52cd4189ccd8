import { FormatError } from "../../util/errors.ts";
import { half } from "../../util/half.ts";
import type { NdArray } from "../../util/nd-array.ts";
import { countOf } from "../../util/shape.ts";
import { readBytes } from "../files/read-file.ts";

const MAGIC = "\x93NUMPY";

type Read = (view: DataView, at: number, isLittle: boolean) => number;

/** Values by their kind and bytes, as NumPy names them behind the order of bytes. */
const readers: Readonly<Record<string, Read>> = {
  f2: (view, at, isLittle) => half(view.getUint16(at, isLittle)),
  f4: (view, at, isLittle) => view.getFloat32(at, isLittle),
  f8: (view, at, isLittle) => view.getFloat64(at, isLittle),
  i1: (view, at) => view.getInt8(at),
  i2: (view, at, isLittle) => view.getInt16(at, isLittle),
  i4: (view, at, isLittle) => view.getInt32(at, isLittle),
  i8: (view, at, isLittle) => Number(view.getBigInt64(at, isLittle)),
  u1: (view, at) => view.getUint8(at),
  u2: (view, at, isLittle) => view.getUint16(at, isLittle),
  u4: (view, at, isLittle) => view.getUint32(at, isLittle),
  u8: (view, at, isLittle) => Number(view.getBigUint64(at, isLittle)),
  b1: (view, at) => view.getUint8(at),
};

/**
 * Reads an array of numbers that NumPy saved, in either order of axes (C's, Fortran's) and of bytes: mean images of
 * pycaffe are kept so.
 *
 * @returns its values in C's order, the last axis running fastest
 * @throws FileError where it cannot be read, FormatError where it is of another kind, or cut short
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export function readNpy(path: string): NdArray<Float32Array> {
  const bytes = readBytes(path, "NumPy file");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = new TextDecoder("latin1");
  if (text.decode(bytes.subarray(0, 6)) !== MAGIC || bytes.length < 12) {
    throw new FormatError(`${path}: it does not begin as a .npy file does. Expected one.`);
  }
  const isOld = bytes[6] === 1;
  const start = isOld ? 10 : 12;
  const end = start + (isOld ? view.getUint16(8, true) : view.getUint32(8, true));
  const header = text.decode(bytes.subarray(start, end));
  const type = /'descr':\s*'([^']*)'/.exec(header)?.[1] ?? "";
  const shapeList = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1];
  const kind = type.slice(1);
  const read = /^[<>|=]/.test(type) && Object.hasOwn(readers, kind) ? readers[kind] : undefined;
  if (!read || shapeList === undefined || order === undefined) {
    throw new FormatError(
      `${path}: an array of type ${type || "unknown"}. Expected one of ${Object.keys(readers).join(", ")}.`,
    );
  }
  const shape = shapeList.split(",").flatMap((length) => (length.trim() ? [Number(length)] : []));
  if (!shape.every((length) => Number.isSafeInteger(length) && length >= 0)) {
    throw new FormatError(
      `${path}: its shape is (${shapeList}). Expected whole numbers, 0 or more.`,
    );
  }
  const count = countOf(shape);
  const size = Number(kind.slice(1));
  if (bytes.length - end !== count * size) {
    throw new FormatError(
      `${path}: ${Math.max(0, bytes.length - end)} bytes for shape (${shape.join(",")}) of ${type}. Expected ${count * size}.`,
    );
  }
  const isLittle = !type.startsWith(">");
  const data = Float32Array.from({ length: count }, (_, i) => read(view, end + i * size, isLittle));
  return { shape, data: order === "True" ? inRows(data, shape) : data };
}

/** Values whose first axis runs fastest, in C's order. */
function inRows(columns: Float32Array, shape: readonly number[]): Float32Array {
  const rows = new Float32Array(columns.length);
  const steps = shape.map((_, axis) => countOf(shape.slice(0, axis)));
  const place = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < rows.length; to++) {
    rows[to] = columns[from] ?? 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const [length, step] = [shape[axis] ?? 0, steps[axis] ?? 0];
      const next = (place[axis] ?? 0) + 1;
      from += step;
      place[axis] = next;
      if (next < length) break;
      from -= step * length;
      place[axis] = 0;
    }
  }
  return rows;
}
