/** The nearest whole number, the even one of two. */
export function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** A value as a byte: rounded, the even one of two, and cut off at 0 and 255. */
export function toByte(value: number): number {
  return Math.min(Math.max(roundHalfToEven(value), 0), 255);
}

/** What becomes of each byte. */
export function byteTable(of: (byte: number) => number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => toByte(of(byte)));
}
