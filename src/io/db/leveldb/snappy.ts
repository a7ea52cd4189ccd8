import { FormatError } from "../../../util/errors.ts";
import { Wire } from "./wire.ts";

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

function damaged(source: string): FormatError {
  return new FormatError(`${source}: compressed data is damaged. Expected a whole database.`);
}
