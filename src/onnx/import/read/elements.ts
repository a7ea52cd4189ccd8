import type { FloatArray } from "../../../util/arrays.ts";
import type { ElementKind } from "../constant.ts";

/** How the elements of a type of ONNX lie in a file's bytes, little end first. */
interface ElementFormat {
  readonly kind: ElementKind;
  /** Bits of one; two of 4 share a byte, the first in its lower half. */
  readonly bits: number;
  readonly decode: (bytes: Uint8Array, count: number) => FloatArray;
  /** Of one that stands as a whole number by itself, as `int32_data` has it. */
  readonly ofInteger: (value: number) => number;
}

/** Formats by the names of TensorProto's types. Whole numbers of 64 bits are exact up to 2⁵³. */
export const elementFormats: Readonly<Record<string, ElementFormat>> = {
  FLOAT: plain("float", 32, float32),
  DOUBLE: plain(
    "float",
    64,
    each(8, (view, at) => view.getFloat64(at, true)),
  ),
  FLOAT16: smallFloat(16, { exponent: 5, mantissa: 10, bias: 15, special: "infinities" }),
  BFLOAT16: smallFloat(16, { exponent: 8, mantissa: 7, bias: 127, special: "infinities" }),
  FLOAT8E4M3FN: smallFloat(8, { exponent: 4, mantissa: 3, bias: 7, special: "all ones" }),
  FLOAT8E4M3FNUZ: smallFloat(8, { exponent: 4, mantissa: 3, bias: 8, special: "negative zero" }),
  FLOAT8E5M2: smallFloat(8, { exponent: 5, mantissa: 2, bias: 15, special: "infinities" }),
  FLOAT8E5M2FNUZ: smallFloat(8, { exponent: 5, mantissa: 2, bias: 16, special: "negative zero" }),
  FLOAT4E2M1: halves("float", (bits) => floatOf(bits, 4, E2M1)),
  UINT4: halves("int", (bits) => bits),
  INT4: halves("int", (bits) => (bits << 28) >> 28),
  BOOL: plain(
    "bool",
    8,
    each(1, (view, at) => Number(view.getUint8(at) !== 0)),
  ),
  UINT8: plain(
    "int",
    8,
    each(1, (view, at) => view.getUint8(at)),
  ),
  INT8: plain(
    "int",
    8,
    each(1, (view, at) => view.getInt8(at)),
  ),
  UINT16: plain(
    "int",
    16,
    each(2, (view, at) => view.getUint16(at, true)),
  ),
  INT16: plain(
    "int",
    16,
    each(2, (view, at) => view.getInt16(at, true)),
  ),
  UINT32: plain(
    "int",
    32,
    each(4, (view, at) => view.getUint32(at, true)),
  ),
  INT32: plain(
    "int",
    32,
    each(4, (view, at) => view.getInt32(at, true)),
  ),
  UINT64: plain(
    "int",
    64,
    each(8, (view, at) => view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true)),
  ),
  INT64: plain(
    "int",
    64,
    each(8, (view, at) => view.getInt32(at + 4, true) * 2 ** 32 + view.getUint32(at, true)),
  ),
};

/** How a float of few bits is made up, and which of its forms are no numbers. */
interface SmallFloat {
  readonly exponent: number;
  readonly mantissa: number;
  readonly bias: number;
  /** "infinities" and NaN at the largest exponent, as IEEE; NaN alone with all bits set, or as what −0 would be; or nothing. */
  readonly special: "infinities" | "all ones" | "negative zero" | "none";
}

const E2M1: SmallFloat = { exponent: 2, mantissa: 1, bias: 1, special: "none" };

function floatOf(bits: number, size: number, form: SmallFloat): number {
  const { exponent, mantissa, bias, special } = form;
  const isNegative = bits >> (size - 1) === 1;
  const e = (bits >> mantissa) & (2 ** exponent - 1);
  const m = bits & (2 ** mantissa - 1);
  const isLargest = e === 2 ** exponent - 1;
  if (special === "negative zero" && isNegative && e === 0 && m === 0) return Number.NaN;
  if (special === "all ones" && isLargest && m === 2 ** mantissa - 1) return Number.NaN;
  const size0 =
    special === "infinities" && isLargest
      ? m === 0
        ? Number.POSITIVE_INFINITY
        : Number.NaN
      : e === 0
        ? m * 2 ** (1 - bias - mantissa)
        : (1 + m / 2 ** mantissa) * 2 ** (e - bias);
  return isNegative ? -size0 : size0;
}

function plain(kind: ElementKind, bits: number, decode: ElementFormat["decode"]): ElementFormat {
  return { kind, bits, decode, ofInteger: (value) => value };
}

function smallFloat(bits: 8 | 16, form: SmallFloat): ElementFormat {
  let known: Float32Array | undefined;
  const all = (): Float32Array =>
    (known ??= Float32Array.from({ length: 2 ** bits }, (_, code) => floatOf(code, bits, form)));
  const ofInteger = (code: number): number => all()[code & (2 ** bits - 1)] as number;
  const decode: ElementFormat["decode"] = (bytes, count) => {
    const values = new Float32Array(count);
    for (let i = 0; i < count; i++) {
      const low = bytes[(i * bits) / 8] as number;
      values[i] = ofInteger(bits === 8 ? low : low | ((bytes[2 * i + 1] as number) << 8));
    }
    return values;
  };
  return { kind: "float", bits, decode, ofInteger };
}

function halves(kind: ElementKind, ofInteger: (bits: number) => number): ElementFormat {
  const decode: ElementFormat["decode"] = (bytes, count) =>
    Float64Array.from({ length: count }, (_, i) =>
      ofInteger(((bytes[i >> 1] as number) >> (4 * (i & 1))) & 15),
    );
  return { kind, bits: 4, decode, ofInteger: (value) => ofInteger(value & 15) };
}

function each(
  size: number,
  read: (view: DataView, at: number) => number,
): (bytes: Uint8Array, count: number) => FloatArray {
  return (bytes, count) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const values = new Float64Array(count);
    for (let i = 0; i < count; i++) values[i] = read(view, i * size);
    return values;
  };
}

/** Where they lie as this machine wants them they are used there. */
function float32(bytes: Uint8Array, count: number): Float32Array {
  if (bytes.byteOffset % 4 === 0) return new Float32Array(bytes.buffer, bytes.byteOffset, count);
  return new Float32Array(new Uint8Array(bytes).buffer, 0, count);
}
