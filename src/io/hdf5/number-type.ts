import type { FloatArray } from "../../util/arrays.ts";
import { Hdf5Header } from "./object-header.ts";
import type { Hdf5Storage } from "./storage.ts";

/** A whole number within its bytes: where its bits begin, and how many they are. */
interface WholeType {
  readonly kind: "whole";
  readonly size: number;
  readonly offset: number;
  readonly precision: number;
  readonly isSigned: boolean;
}

/** A float within its bytes: where sign, exponent and mantissa lie. */
interface FloatType {
  readonly kind: "float";
  readonly size: number;
  readonly sign: number;
  readonly exponent: { readonly at: number; readonly bits: number; readonly bias: number };
  readonly mantissa: { readonly at: number; readonly bits: number; readonly isLeadStored: boolean };
}

/** A kind of number of HDF5, whichever of its many forms it has. */
export type NumberType = WholeType | FloatType;

const [FIXED, FLOAT, ENUM] = [0, 1, 8];
const DATATYPE = 0x03;

/**
 * The kind of number that a dataset holds, as its header says it: the library gives its size alone, and the same size may
 * be a half, a bfloat16, or 12 bits of a converter.
 *
 * @param base where the file's addresses are counted from: the place of its signature
 * @param address of the dataset's header
 * @returns undefined where that is no number, or is said in a place that is not looked at
 */
export function numberTypeAt(
  storage: Hdf5Storage,
  base: number,
  address: number,
): NumberType | undefined {
  const header = new Hdf5Header(storage, base);
  try {
    const own = header.messages(address).find(({ type }) => type === DATATYPE);
    if (!own?.isShared) return own && typeIn(header.bytes(own));
    // A type with a name of its own: its header is elsewhere.
    const named = header.sharedAddress(own);
    const message =
      named === undefined
        ? undefined
        : header.messages(named).find(({ type, isShared }) => type === DATATYPE && !isShared);
    return message && typeIn(header.bytes(message));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** What a datatype message says; of an enumeration, what its members are numbers of. */
function typeIn(body: DataView, from = 0): NumberType | undefined {
  const kind = body.getUint8(from) & 15;
  const flags = body.getUint8(from + 1);
  const size = body.getUint32(from + 4, true);
  if (kind === ENUM) return typeIn(body, from + 8);
  if (kind === FIXED) {
    const [offset, precision] = [body.getUint16(from + 8, true), body.getUint16(from + 10, true)];
    return { kind: "whole", size, offset, precision, isSigned: (flags & 8) !== 0 };
  }
  if (kind !== FLOAT) return undefined;
  return {
    kind: "float",
    size,
    sign: body.getUint8(from + 2),
    exponent: {
      at: body.getUint8(from + 12),
      bits: body.getUint8(from + 13),
      bias: body.getUint32(from + 16, true),
    },
    mantissa: {
      at: body.getUint8(from + 14),
      bits: body.getUint8(from + 15),
      isLeadStored: ((flags >> 4) & 3) !== 2,
    },
  };
}

/** Turns the bytes of numbers, little end first, into floats. */
interface NumberReader {
  /** Room for so many: Float32Array where that holds each of them exactly. */
  room(count: number): FloatArray;
  /** Converts all of `bytes` to `to`, from `at` on. */
  read(bytes: Uint8Array, to: FloatArray, at: number): void;
}

/** How numbers of a kind are read: what machines know as they are, the rest bit by bit. */
export function readerOf(type: NumberType): NumberReader {
  const room = (count: number): FloatArray =>
    fitsSingle(type) ? new Float32Array(count) : new Float64Array(count);
  const own = machineArray(type);
  if (own) {
    return {
      room,
      read: (bytes, to, at) => {
        if (to instanceof own) {
          new Uint8Array(to.buffer, to.byteOffset + at * type.size, bytes.length).set(bytes);
          return;
        }
        const copy = bytes.slice();
        const values = new own(copy.buffer, 0, copy.length / type.size);
        if (values instanceof BigInt64Array || values instanceof BigUint64Array) {
          for (const [i, value] of values.entries()) to[at + i] = Number(value);
        } else to.set(values, at);
      },
    };
  }
  const convert = type.kind === "float" ? floatOf : wholeOf;
  const decode = (bits: bigint): number => convert(bits, type as FloatType & WholeType);
  // Numbers of one or two bytes are few.
  const table =
    type.size <= 2
      ? Float64Array.from({ length: 2 ** (8 * type.size) }, (_, i) => decode(BigInt(i)))
      : undefined;
  return {
    room,
    read: (bytes, to, at) => {
      for (let i = 0, from = 0; from < bytes.length; i++, from += type.size) {
        if (table) {
          const high = type.size === 2 ? (bytes[from + 1] ?? 0) : 0;
          to[at + i] = table[256 * high + (bytes[from] ?? 0)] ?? 0;
          continue;
        }
        let bits = 0n;
        for (let k = type.size - 1; k >= 0; k--) bits = (bits << 8n) | BigInt(bytes[from + k] ?? 0);
        to[at + i] = decode(bits);
      }
    },
  };
}

function fitsSingle(type: NumberType): boolean {
  if (type.kind === "whole") return type.precision <= 24;
  return type.exponent.bits <= 8 && type.mantissa.bits <= 23;
}

type MachineArray = new (
  buffer: ArrayBuffer,
  from: number,
  count: number,
) =>
  | FloatArray
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

function machineArray(type: NumberType): MachineArray | undefined {
  const { size } = type;
  if (type.kind === "float") {
    const { exponent, mantissa, sign } = type;
    const is = (bits: number, bias: number, fraction: number): boolean =>
      exponent.bits === bits &&
      exponent.bias === bias &&
      exponent.at === fraction &&
      mantissa.bits === fraction &&
      mantissa.at === 0 &&
      !mantissa.isLeadStored &&
      sign === fraction + bits;
    if (size === 4 && is(8, 127, 23)) return Float32Array;
    return size === 8 && is(11, 1023, 52) ? Float64Array : undefined;
  }
  if (type.offset !== 0 || type.precision !== 8 * size) return undefined;
  const arrays: Record<number, [MachineArray, MachineArray]> = {
    1: [Uint8Array, Int8Array],
    2: [Uint16Array, Int16Array],
    4: [Uint32Array, Int32Array],
    8: [BigUint64Array, BigInt64Array],
  };
  return arrays[size]?.[type.isSigned ? 1 : 0];
}

function field(bits: bigint, at: number, count: number): bigint {
  return (bits >> BigInt(at)) & ((1n << BigInt(count)) - 1n);
}

function wholeOf(bits: bigint, { offset, precision, isSigned }: WholeType): number {
  const value = field(bits, offset, precision);
  return Number(isSigned ? BigInt.asIntN(precision, value) : value);
}

function floatOf(bits: bigint, { sign, exponent, mantissa }: FloatType): number {
  const negative = field(bits, sign, 1) === 1n;
  const power = Number(field(bits, exponent.at, exponent.bits));
  const stored = field(bits, mantissa.at, mantissa.bits);
  // Bits behind the point.
  const behind = mantissa.isLeadStored ? mantissa.bits - 1 : mantissa.bits;
  const fraction = field(stored, 0, behind);
  let value: number;
  if (power === 2 ** exponent.bits - 1)
    value = fraction === 0n ? Number.POSITIVE_INFINITY : Number.NaN;
  else {
    const lead = mantissa.isLeadStored || power === 0 ? 0n : 1n << BigInt(behind);
    const scale = Math.max(power, 1) - exponent.bias - behind;
    // In two steps: the power alone may be out of a double's range where the value is in it.
    const half = Math.trunc(scale / 2);
    value = Number(stored + lead) * 2 ** half * 2 ** (scale - half);
  }
  return negative ? -value : value;
}
