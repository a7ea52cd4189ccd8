/**
 * @file Reads TensorBoard's event files by their specification, without anything of what writes them: TFRecord's framing with
 * CRC-32C bit by bit, and protobuf's wire form by hand.
 */
import { readFileSync } from "node:fs";

/** A message: what each field number holds, in order; numbers, or bytes. */
export type Fields = ReadonlyMap<number, readonly (number | Uint8Array)[]>;

/** CRC-32C (Castagnoli), a bit at a time. */
export function slowCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

/** How TFRecord stores a checksum: ((crc >> 15) | (crc << 17)) + 0xa282ead8. */
function mask(crc: number): number {
  const turned = ((BigInt(crc) >> 15n) | (BigInt(crc) << 17n)) & 0xffffffffn;
  return Number((turned + 0xa282ead8n) & 0xffffffffn);
}

/**
 * The events of a file.
 * @throws Error where a record is cut or a checksum is wrong
 */
export function readEventFile(path: string): Fields[] {
  const file = readFileSync(path);
  const events: Fields[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    if (file.readUInt32LE(at + 8) !== mask(slowCrc32c(file.subarray(at, at + 8))))
      throw new Error(`the length at ${at} has another checksum`);
    const bytes = file.subarray(at + 12, at + 12 + length);
    if (file.readUInt32LE(at + 12 + length) !== mask(slowCrc32c(bytes)))
      throw new Error(`the record at ${at} has another checksum`);
    events.push(fieldsOf(bytes));
    at += 16 + length;
  }
  return events;
}

/** The fields of a message in protobuf's binary form. */
export function fieldsOf(bytes: Uint8Array): Fields {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields = new Map<number, (number | Uint8Array)[]>();
  let at = 0;
  const varint = (): number => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = view.getUint8(at++);
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(BigInt.asIntN(64, value));
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const [field, wire] = [key >> 3, key & 7];
    const length = { 1: 8, 2: wire === 2 ? varint() : 0, 5: 4 }[wire] ?? 0;
    const piece = bytes.subarray(at, at + length);
    if (piece.length !== length) throw new Error(`field ${field} is cut`);
    let value: number | Uint8Array = piece;
    if (wire === 0) value = varint();
    else if (wire === 1) value = view.getFloat64(at, true);
    else if (wire === 5) value = view.getFloat32(at, true);
    else if (wire !== 2) throw new Error(`field ${field} has wire type ${wire}`);
    at += length;
    fields.set(field, [...(fields.get(field) ?? []), value]);
  }
  return fields;
}

/** The messages of a field. */
export function messages(fields: Fields | undefined, field: number): Fields[] {
  return (fields?.get(field) ?? []).map((value) => fieldsOf(value as Uint8Array));
}

/** The first value of a field as text. */
export function text(fields: Fields | undefined, field: number): string {
  return new TextDecoder().decode((fields?.get(field)?.[0] ?? new Uint8Array()) as Uint8Array);
}

/** The first value of a field as a number. */
export function number(fields: Fields | undefined, field: number): number {
  return (fields?.get(field)?.[0] ?? 0) as number;
}

/** The numbers of a packed field of doubles. */
export function doubles(fields: Fields | undefined, field: number): number[] {
  const bytes = (fields?.get(field)?.[0] ?? new Uint8Array()) as Uint8Array;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 8 }, (_, i) => view.getFloat64(8 * i, true));
}
