import { FormatError } from "../util/errors.ts";
import { countOf } from "../util/shape.ts";
import { readBytes } from "./files.ts";

const MAGIC = "\x93NUMPY";
const readers: Readonly<Record<string, (view: DataView, at: number) => number>> = {
  "<f4": (view, at) => view.getFloat32(at, true),
  "<f8": (view, at) => view.getFloat64(at, true),
  "<i4": (view, at) => view.getInt32(at, true),
  "<i8": (view, at) => Number(view.getBigInt64(at, true)),
  "|u1": (view, at) => view.getUint8(at),
};

/**
 * Reads an array that NumPy saved: mean images of pycaffe are kept so.
 * @throws FileError where it cannot be read, FormatError where it is of another kind, or cut short
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export function readNpy(path: string): {
  readonly shape: readonly number[];
  readonly data: Float32Array;
} {
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
  const read = Object.hasOwn(readers, type) ? readers[type] : undefined;
  if (!read || shapeList === undefined || !/'fortran_order':\s*False/.test(header)) {
    throw new FormatError(
      `${path}: an array of type ${type || "unknown"}. Expected ${Object.keys(readers).join(", ")} in C order.`,
    );
  }
  const shape = shapeList.split(",").flatMap((length) => (length.trim() ? [Number(length)] : []));
  const count = countOf(shape);
  const size = Number(type.slice(2));
  if (bytes.length - end !== count * size) {
    throw new FormatError(
      `${path}: ${bytes.length - end} bytes for shape (${shape.join(",")}) of ${type}. Expected ${count * size}.`,
    );
  }
  return {
    shape,
    data: Float32Array.from({ length: count }, (_, i) => read(view, end + i * size)),
  };
}
