import { FormatError } from "../../../util/errors.ts";
import { Wire, WireWriter } from "./wire.ts";

/**
 * Decompresses a block of Snappy's raw format.
 *
 * Its length comes first, then pieces: literal bytes (tag 0), or copies of what was written `offset` bytes ago
 * (tags 1 to 3, with offsets of 11, 16 or 32 bits).
 *
 * @param source names the block, for messages
 * @throws FormatError where it is damaged
 * @see format_description.txt of google/snappy
 */
export function uncompress(bytes: Uint8Array, source: string): Uint8Array {
  const wire = new Wire(bytes, source);
  const length = wire.varint();
  // A copy of 64 bytes takes 3: no block grows more than that.
  if (length > 24 * bytes.length) throw damaged(source);
  const out = new Uint8Array(length);
  let to = 0;
  while (!wire.isAtEnd) {
    const tag = wire.byte();
    const kind = tag & 3;
    if (kind === 0) {
      const size = (tag >> 2) + 1;
      const count = size <= 60 ? size : wire.little(size - 60) + 1;
      if (to + count > length) throw damaged(source);
      out.set(wire.bytes(count), to);
      to += count;
      continue;
    }
    const count = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
    const offset = kind === 1 ? ((tag & 0xe0) << 3) | wire.byte() : wire.little(kind === 2 ? 2 : 4);
    if (offset === 0 || offset > to || to + count > length) throw damaged(source);
    // Byte by byte, as a copy may read what it has just written.
    for (const end = to + count; to < end; to++) out[to] = out[to - offset] as number;
  }
  if (to !== length) throw damaged(source);
  return out;
}

/** Bytes that are compressed by themselves, so that every offset fits into two bytes. */
const FRAGMENT = 2 ** 16;
/** Bits of the number of a place that remembers where four bytes were seen. */
const HASH_BITS = 14;
/** After so many steps without a copy they grow by a byte: what does not repeat itself is soon passed. */
const PATIENCE = 32;

/**
 * Compresses bytes to Snappy's raw format: what was seen before, four bytes or more of it, becomes a copy.
 * @see format_description.txt of google/snappy
 */
export function compress(bytes: Uint8Array): Uint8Array {
  const out = new WireWriter().varint(bytes.length);
  const seen = new Int32Array(2 ** HASH_BITS);
  for (let begin = 0; begin < bytes.length; begin += FRAGMENT) {
    compressFragment(bytes, begin, Math.min(begin + FRAGMENT, bytes.length), seen, out);
  }
  return out.written;
}

function compressFragment(
  bytes: Uint8Array,
  begin: number,
  end: number,
  seen: Int32Array,
  out: WireWriter,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  seen.fill(begin);
  let literal = begin;
  for (let at = begin, missed = PATIENCE; at + 4 <= end; ) {
    const four = view.getUint32(at, true);
    const place = Math.imul(four, 0x1e35a7bd) >>> (32 - HASH_BITS);
    const before = seen[place] as number;
    seen[place] = at;
    if (before === at || view.getUint32(before, true) !== four) {
      at += Math.floor(missed++ / PATIENCE);
      continue;
    }
    let length = 4;
    while (at + length < end && bytes[before + length] === bytes[at + length]) length++;
    writeLiteral(out, bytes.subarray(literal, at));
    writeCopy(out, at - before, length);
    at += length;
    literal = at;
    missed = PATIENCE;
  }
  writeLiteral(out, bytes.subarray(literal, end));
}

function writeLiteral(out: WireWriter, bytes: Uint8Array): void {
  const most = bytes.length - 1;
  if (most < 0) return;
  if (most < 60) out.little(most << 2, 1);
  else {
    const size = most < 256 ? 1 : 2;
    out.little((59 + size) << 2, 1).little(most, size);
  }
  out.bytes(bytes);
}

function writeCopy(out: WireWriter, offset: number, length: number): void {
  for (let left = length; left > 0; left -= 64) {
    const count = Math.min(left, 64);
    if (count >= 4 && count < 12 && offset < 2048) {
      out.little(((offset >> 8) << 5) | ((count - 4) << 2) | 1, 1).little(offset & 255, 1);
    } else out.little(((count - 1) << 2) | 2, 1).little(offset, 2);
  }
}

function damaged(source: string): FormatError {
  return new FormatError(`${source}: compressed data is damaged. Expected a whole database.`);
}
