/** The pieces that protobuf's binary form is made of. */

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

/** A 32-bit whole number as protobuf's int32: below zero it takes ten bytes. */
export function signedVarint(value: number): number[] {
  if (value >= 0) return varint(value);
  const bytes: number[] = [];
  for (let rest = BigInt.asUintN(64, BigInt(value)); ; rest >>= 7n) {
    if (rest < 128n) return [...bytes, Number(rest)];
    bytes.push(Number(rest & 127n) | 128);
  }
}

/** Bytes in all chunks. */
function lengthOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, { length }) => sum + length, 0);
}
