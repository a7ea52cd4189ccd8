import { crc32c, masked } from "../../../util/crc32c.ts";
import { FormatError } from "../../../util/errors.ts";
import { RandomAccessFile } from "../../files/random-access-file.ts";
import { type Entry, entryOf } from "./entry.ts";
import { uncompress } from "./snappy.ts";
import { Wire } from "./wire.ts";

/** Bytes of a table's last part, in which two handles of blocks have room for 40. */
export const FOOTER = 48;
/** The last eight bytes of every table. */
export const MAGIC = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];
/** Behind each block: how it is compressed, and a checksum. */
const TRAILER = 5;

/**
 * The entries of a table, in the order of their keys.
 *
 * A table is a list of blocks and an index of them; a block a list of entries, each of which tells how much of its
 * key is that of the one before.
 *
 * @throws FileError, FormatError where it cannot be read, or is damaged
 * @see doc/table_format.md of google/leveldb
 */
export function* tableEntries(path: string): Generator<Entry> {
  const file = new RandomAccessFile(path);
  try {
    const footer = file.read(Math.max(file.size - FOOTER, 0), Math.min(FOOTER, file.size));
    if (!MAGIC.every((byte, i) => footer[FOOTER - 8 + i] === byte)) {
      throw new FormatError(
        `${path}: it does not end as a table does. Expected a whole LevelDB database; it is damaged or cut short.`,
      );
    }
    const handles = new Wire(footer, path);
    // The first handle is of blocks that nothing here needs.
    handles.varint();
    handles.varint();
    const index = readBlock(file, handles.varint(), handles.varint());
    for (const { value } of blockEntries(index, path)) {
      const handle = new Wire(value, path);
      const block = readBlock(file, handle.varint(), handle.varint());
      for (const { key, value: bytes } of blockEntries(block, path)) {
        yield entryOf(key, path, () => bytes);
      }
    }
  } finally {
    file.close();
  }
}

function readBlock(file: RandomAccessFile, position: number, size: number): Uint8Array {
  const bytes = file.read(position, size + TRAILER);
  const kind = bytes[size] ?? 0;
  const view = new DataView(bytes.buffer, size + 1);
  const source = `${file.path}: block at byte ${position}`;
  if (masked(crc32c(bytes.subarray(0, size + 1))) !== view.getUint32(0, true)) {
    throw new FormatError(
      `${source}: its checksum is wrong. Expected a whole LevelDB database; it is damaged.`,
    );
  }
  const block = bytes.subarray(0, size);
  if (kind === 0) return block;
  if (kind === 1) return uncompress(block, source);
  throw new FormatError(
    `${source}: it is compressed in way ${kind}. Expected Snappy (1) or none (0), as Caffe writes.`,
  );
}

/** Keys and values of a block. The places where keys are whole, at its end, are for searching and not needed. */
function* blockEntries(
  block: Uint8Array,
  path: string,
): Generator<{ key: Uint8Array; value: Uint8Array }> {
  const tail = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const restarts = block.length >= 4 ? tail.getUint32(block.length - 4, true) : 0;
  const end = block.length - 4 * (restarts + 1);
  if (end < 0) throw new FormatError(`${path}: a block is damaged. Expected a whole database.`);
  const wire = new Wire(block.subarray(0, end), path);
  let before = new Uint8Array(0);
  while (!wire.isAtEnd) {
    const [shared, own, length] = [wire.varint(), wire.varint(), wire.varint()];
    if (shared > before.length) {
      throw new FormatError(`${path}: a key is damaged. Expected a whole database.`);
    }
    const key = new Uint8Array(shared + own);
    key.set(before.subarray(0, shared));
    key.set(wire.bytes(own), shared);
    yield { key, value: wire.bytes(length) };
    before = key;
  }
}
