/** tables[k][b]: what byte b does to the checksum when k more bytes follow it. */
const tables = Array.from({ length: 4 }, () => new Int32Array(256));
for (let b = 0; b < 256; b++) {
  let crc = b;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  (tables[0] as Int32Array)[b] = crc;
}
for (let k = 1; k < 4; k++) {
  for (let b = 0; b < 256; b++) {
    const before = tables[k - 1]?.[b] ?? 0;
    (tables[k] as Int32Array)[b] = (before >>> 8) ^ (tables[0]?.[before & 255] ?? 0);
  }
}
const [t0, t1, t2, t3] = tables as [Int32Array, Int32Array, Int32Array, Int32Array];

/**
 * The checksum CRC-32C of bytes, four at a time.
 *
 * @param before the checksum of what precedes them
 * @see RFC 3720, section 12.1
 */
export function crc32c(bytes: Uint8Array, before = 0): number {
  let crc = ~before;
  let i = 0;
  const { length } = bytes;
  for (; i + 4 <= length; i += 4) {
    const word =
      crc ^
      ((bytes[i] as number) |
        ((bytes[i + 1] as number) << 8) |
        ((bytes[i + 2] as number) << 16) |
        ((bytes[i + 3] as number) << 24));
    crc =
      (t3[word & 255] as number) ^
      (t2[(word >>> 8) & 255] as number) ^
      (t1[(word >>> 16) & 255] as number) ^
      (t0[word >>> 24] as number);
  }
  for (; i < length; i++) crc = (crc >>> 8) ^ (t0[(crc ^ (bytes[i] as number)) & 255] as number);
  return ~crc >>> 0;
}

/** How LevelDB and TensorFlow store a checksum: turned by 15 bits, and a constant added. */
export function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
